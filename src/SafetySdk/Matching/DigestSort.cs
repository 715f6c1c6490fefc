using System.Buffers.Binary;

namespace SafetySdk.Matching;

/// <summary>Sorts digests that need not fit in memory: parts of about a million, by their first two bytes, one pass over the rows
/// each.</summary>
internal static class DigestSort
{
    private const int MaxPart = 1 << 20;

    /// <summary>Writes the digests in their order, equal ones as they were added, and their records.</summary>
    /// <param name="rows">Digest and record, one after the other.</param>
    /// <param name="digestBytes">Bytes of a digest.</param>
    /// <param name="sections">Receives the digests.</param>
    /// <param name="records">Receives the records.</param>
    public static void Write(ByteSpool rows, int digestBytes, HashIndexSections sections, ByteSpool records)
    {
        int rowBytes = digestBytes + HashIndexFormat.RecordBytes;
        int[] sizes = new int[1 << 16];
        rows.ReadRows(rowBytes, (_, part) =>
        {
            for (; !part.IsEmpty; part = part[rowBytes..])
            {
                sizes[BinaryPrimitives.ReadUInt16BigEndian(part)]++;
            }
        });
        for (int first = 0; first < sizes.Length;)
        {
            int end = first;
            long count = 0;
            for (; end < sizes.Length && (end == first || count + sizes[end] <= MaxPart); end++)
            {
                count += sizes[end];
            }

            if (count > 0)
            {
                WritePart(rows, digestBytes, first, end, (int)count, sections, records);
            }

            first = end;
        }
    }

    private static void WritePart(
        ByteSpool rows, int digestBytes, int first, int end, int count, HashIndexSections sections, ByteSpool records)
    {
        int rowBytes = digestBytes + HashIndexFormat.RecordBytes;
        byte[] part = new byte[(long)count * rowBytes];
        ulong[] keys = new ulong[count];
        int[] order = new int[count];
        int taken = 0;
        rows.ReadRows(rowBytes, (_, read) =>
        {
            for (; !read.IsEmpty; read = read[rowBytes..])
            {
                int prefix = BinaryPrimitives.ReadUInt16BigEndian(read);
                if (prefix >= first && prefix < end)
                {
                    read[..rowBytes].CopyTo(part.AsSpan(taken * rowBytes));
                    keys[taken] = BinaryPrimitives.ReadUInt64BigEndian(read);
                    order[taken] = taken++;
                }
            }
        });
        Array.Sort(keys, order);
        for (int same = 0; same < count;)
        {
            int next = same + 1;
            while (next < count && keys[next] == keys[same])
            {
                next++;
            }

            if (next - same > 1)
            {
                order.AsSpan(same, next - same).Sort((left, right) =>
                {
                    int compared = Digest(left).SequenceCompareTo(Digest(right));
                    return compared != 0 ? compared : left.CompareTo(right);
                });
            }

            same = next;
        }

        foreach (int row in order)
        {
            sections.Write(Digest(row));
            records.Append(part.AsSpan((row * rowBytes) + digestBytes, HashIndexFormat.RecordBytes));
        }

        ReadOnlySpan<byte> Digest(int row) => part.AsSpan(row * rowBytes, digestBytes);
    }
}
