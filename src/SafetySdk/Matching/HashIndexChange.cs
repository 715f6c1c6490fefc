using System.Buffers.Binary;
using System.Text;

namespace SafetySdk.Matching;

/// <summary>One change of an index: an entry added, or the entries with a hash removed.</summary>
/// <param name="IsRemoval">Which of the two.</param>
/// <param name="Section">Number of the kind.</param>
/// <param name="Hash">Bytes of the hash.</param>
/// <param name="Id">UTF-8 of the identifier; empty in a removal: whatever the identifier is.</param>
/// <param name="Labels">Joined labels and details; in a removal the list that the entries come from, empty: from any.</param>
internal readonly record struct HashIndexChange(bool IsRemoval, int Section, byte[] Hash, byte[] Id, string Labels)
{
    private const int FixedBytes = 1 + 1 + sizeof(ushort) + sizeof(int);

    /// <summary>Operation, kind, lengths of identifier and labels, then hash, identifier and labels.</summary>
    public byte[] ToBytes()
    {
        byte[] labels = Encoding.UTF8.GetBytes(Labels);
        byte[] bytes = new byte[FixedBytes + Hash.Length + Id.Length + labels.Length];
        bytes[0] = IsRemoval ? (byte)2 : (byte)1;
        bytes[1] = (byte)Section;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)Id.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), labels.Length);
        Hash.CopyTo(bytes.AsSpan(FixedBytes));
        Id.CopyTo(bytes.AsSpan(FixedBytes + Hash.Length));
        labels.CopyTo(bytes.AsSpan(FixedBytes + Hash.Length + Id.Length));
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; null where it is none.</summary>
    public static HashIndexChange? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedBytes || bytes[0] is not (1 or 2) || bytes[1] >= HashIndexFormat.KindCount)
        {
            return null;
        }

        int hash = Hashing.HashKinds.ByteCount(HashIndexFormat.Kinds[bytes[1]]);
        int id = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        int labels = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (labels < 0 || bytes.Length != (long)FixedBytes + hash + id + labels || (bytes[0] == 1 && id == 0))
        {
            return null;
        }

        return new HashIndexChange(
            bytes[0] == 2, bytes[1], bytes.Slice(FixedBytes, hash).ToArray(), bytes.Slice(FixedBytes + hash, id).ToArray(),
            Encoding.UTF8.GetString(bytes[(FixedBytes + hash + id)..]));
    }

    /// <summary>Shows nothing of the entry.</summary>
    public override string ToString() => $"{nameof(HashIndexChange)} {{ {(IsRemoval ? "removal" : "addition")} }}";
}
