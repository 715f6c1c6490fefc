using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace SafetySdk.Hashing;

/// <summary>A 256-bit PDQ hash, written as 64 lower-case hexadecimal digits; the first bit is DCT row 15, column 15.</summary>
/// <remarks>The default value is the hash of nothing: all bits zero, as pictures below 5 pixels a side get.</remarks>
public readonly struct PdqHash : IEquatable<PdqHash>
{
    /// <summary>Bytes of a hash.</summary>
    public const int ByteCount = 32;

    /// <summary>Most bits in which two hashes of the same picture may differ: PDQ's own recommendation.</summary>
    public const int MatchDistance = 31;

    // Least significant first: bit k of the hash is bit k % 64 of word k / 64.
    private readonly ulong _word0;
    private readonly ulong _word1;
    private readonly ulong _word2;
    private readonly ulong _word3;

    /// <summary>Creates a hash from four words, least significant first.</summary>
    internal PdqHash(ulong word0, ulong word1, ulong word2, ulong word3)
    {
        _word0 = word0;
        _word1 = word1;
        _word2 = word2;
        _word3 = word3;
    }

    /// <summary>Reads 32 bytes, most significant first, as <see cref="WriteBytes"/> writes them.</summary>
    /// <param name="bytes">Exactly 32 bytes.</param>
    /// <exception cref="HashException">Not 32 bytes.</exception>
    public static PdqHash FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ByteCount)
        {
            throw new HashException(HashError.Length, $"A PDQ hash is {ByteCount} bytes; got {bytes.Length}.");
        }

        return new PdqHash(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }

    /// <summary>Reads 64 hexadecimal digits of either case.</summary>
    /// <param name="text">The digits, nothing around them.</param>
    /// <exception cref="HashException">Wrong length, or not hexadecimal.</exception>
    public static PdqHash Parse(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        Hexadecimal.Parse(text, bytes, "PDQ");
        return FromBytes(bytes);
    }

    /// <summary>Reads 64 hexadecimal digits of either case.</summary>
    /// <param name="text">The digits, nothing around them.</param>
    /// <param name="hash">The hash; all zero where this returns false.</param>
    /// <returns>Whether the text is a hash.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out PdqHash hash)
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        bool parsed = Hexadecimal.TryParse(text, bytes);
        hash = parsed ? FromBytes(bytes) : default;
        return parsed;
    }

    /// <summary>Number of bits that differ, 0 to 256.</summary>
    /// <param name="other">The other hash.</param>
    public int HammingDistance(PdqHash other)
        => BitOperations.PopCount(_word0 ^ other._word0) + BitOperations.PopCount(_word1 ^ other._word1)
            + BitOperations.PopCount(_word2 ^ other._word2) + BitOperations.PopCount(_word3 ^ other._word3);

    /// <summary>Writes the 32 bytes, most significant first: the order of the hexadecimal digits.</summary>
    /// <param name="destination">At least 32 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The destination is too short.</exception>
    public void WriteBytes(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _word3);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _word2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _word1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _word0);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        WriteBytes(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(PdqHash other)
        => _word0 == other._word0 && _word1 == other._word1 && _word2 == other._word2 && _word3 == other._word3;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PdqHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_word0, _word1, _word2, _word3);

    /// <summary>Whether all bits are the same.</summary>
    /// <param name="left">One hash.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(PdqHash left, PdqHash right) => left.Equals(right);

    /// <summary>Whether a bit differs.</summary>
    /// <param name="left">One hash.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(PdqHash left, PdqHash right) => !left.Equals(right);
}
