using System.Buffers.Binary;
using System.Numerics;

namespace SafetySdk.Hashing;

/// <summary>A 256-bit perceptual hash of the kind that Python's imagehash makes with a <c>hash_size</c> of 16: row by row, most significant
/// bit first.</summary>
/// <param name="Word0">The first 64 bits: rows 0 to 3.</param>
/// <param name="Word1">Rows 4 to 7.</param>
/// <param name="Word2">Rows 8 to 11.</param>
/// <param name="Word3">The last 64 bits.</param>
public readonly record struct ImageHash256(ulong Word0, ulong Word1, ulong Word2, ulong Word3)
{
    /// <summary>Bytes of a hash.</summary>
    public const int ByteCount = 4 * sizeof(ulong);

    /// <summary>Reads 64 hexadecimal digits of either case.</summary>
    /// <param name="text">The digits, nothing around them.</param>
    /// <exception cref="HashException">Wrong length, or not hexadecimal.</exception>
    public static ImageHash256 Parse(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        Hexadecimal.Parse(text, bytes, "256-bit");
        return new ImageHash256(
            BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));
    }

    /// <summary>Number of bits that differ, 0 to 256.</summary>
    /// <param name="other">A hash of the same algorithm.</param>
    public int HammingDistance(ImageHash256 other)
        => BitOperations.PopCount(Word0 ^ other.Word0) + BitOperations.PopCount(Word1 ^ other.Word1)
            + BitOperations.PopCount(Word2 ^ other.Word2) + BitOperations.PopCount(Word3 ^ other.Word3);

    /// <summary>64 lower-case hexadecimal digits, as imagehash prints them.</summary>
    public override string ToString() => $"{Word0:x16}{Word1:x16}{Word2:x16}{Word3:x16}";
}
