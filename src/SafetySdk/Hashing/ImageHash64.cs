using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace SafetySdk.Hashing;

/// <summary>A 64-bit perceptual hash of the kind that Python's imagehash makes: row by row, most significant bit first.</summary>
/// <param name="Value">The 64 bits.</param>
public readonly record struct ImageHash64(ulong Value)
{
    /// <summary>Reads 16 hexadecimal digits of either case.</summary>
    /// <param name="text">The digits, nothing around them.</param>
    /// <exception cref="HashException">Wrong length, or not hexadecimal.</exception>
    public static ImageHash64 Parse(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Hexadecimal.Parse(text, bytes, "64-bit");
        return new ImageHash64(BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }

    /// <summary>Number of bits that differ, 0 to 64.</summary>
    /// <param name="other">A hash of the same algorithm.</param>
    public int HammingDistance(ImageHash64 other) => BitOperations.PopCount(Value ^ other.Value);

    /// <summary>16 lower-case hexadecimal digits, as imagehash prints them.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
