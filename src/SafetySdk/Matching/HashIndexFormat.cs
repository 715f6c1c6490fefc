using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>
/// The bytes of an index, little-endian: a header of 128 bytes; the packed PDQ hashes in the order they were added; the MD5, SHA-1 and
/// SHA-256 digests, each sorted; one record an entry in the same order; one record a label set; the text that the records point into
/// (it begins with the name); SHA-256 of everything before.
/// </summary>
internal static class HashIndexFormat
{
    public const uint Version = 1;
    public const int HeaderBytes = 128;
    public const int ChecksumBytes = SHA256.HashSizeInBytes;

    /// <summary>Offset, length, label set.</summary>
    public const int EntryBytes = 3 * sizeof(int);

    /// <summary>Offset, length.</summary>
    public const int LabelSetBytes = 2 * sizeof(int);

    /// <summary>Between the labels of a set.</summary>
    public const char LabelSeparator = '\n';

    public static ReadOnlySpan<byte> Magic => "SAFETYIX"u8;

    /// <summary>The kinds of hashes in the order of the sections.</summary>
    public static ReadOnlySpan<HashKind> Kinds => [HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256];

    /// <summary>Number of kinds.</summary>
    public const int KindCount = 4;

    /// <summary>What the header says.</summary>
    public struct Header
    {
        public long CreatedMilliseconds;
        public int MatchDistance;
        public int QualityGate;
        public KindCounts Counts;
        public int LabelSets;
        public int NameBytes;
        public long TextBytes;

        /// <summary>Entries of all kinds.</summary>
        public readonly long Entries
        {
            get
            {
                long sum = 0;
                foreach (int count in Counts)
                {
                    sum += count;
                }

                return sum;
            }
        }

        /// <summary>Where the hashes of the kind with this number begin; with <see cref="KindCount"/>, where the entries begin.</summary>
        public readonly long HashesAt(int kind)
        {
            long at = HeaderBytes;
            for (int i = 0; i < kind; i++)
            {
                at += (long)Counts[i] * Kinds[i].ByteCount();
            }

            return at;
        }

        /// <summary>Where the label sets begin.</summary>
        public readonly long LabelSetsAt => HashesAt(KindCount) + (Entries * EntryBytes);

        /// <summary>Where the text begins.</summary>
        public readonly long TextAt => LabelSetsAt + ((long)LabelSets * LabelSetBytes);

        /// <summary>Where the checksum begins.</summary>
        public readonly long ChecksumAt => TextAt + TextBytes;

        /// <summary>Bytes of the whole file.</summary>
        public readonly long TotalBytes => ChecksumAt + ChecksumBytes;

        public readonly void Write(Span<byte> bytes)
        {
            bytes = bytes[..HeaderBytes];
            bytes.Clear();
            Magic.CopyTo(bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Version);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], HeaderBytes);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], CreatedMilliseconds);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], MatchDistance);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], QualityGate);
            for (int i = 0; i < KindCount; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes[(32 + (4 * i))..], Counts[i]);
            }

            BinaryPrimitives.WriteInt32LittleEndian(bytes[48..], LabelSets);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[52..], NameBytes);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[56..], TextBytes);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[64..], TotalBytes);
        }

        /// <summary>Reads a header and holds it against the length of the file.</summary>
        /// <param name="bytes">The file's first <see cref="HeaderBytes"/> bytes, or all of them where it is shorter.</param>
        /// <param name="fileBytes">Length of the file.</param>
        /// <param name="file">Name for errors.</param>
        /// <exception cref="HashIndexException">Not an index, another version, or lengths that do not fit.</exception>
        public static Header Read(ReadOnlySpan<byte> bytes, long fileBytes, string file)
        {
            if (!bytes.StartsWith(Magic))
            {
                throw new HashIndexException(
                    HashIndexError.NotAnIndex, file, "not an index of hashes; build one with `safety lists build`.");
            }

            if (bytes.Length < HeaderBytes || fileBytes < HeaderBytes + ChecksumBytes)
            {
                throw Damaged(file, "the file ends within its header");
            }

            uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            if (version != Version)
            {
                throw new HashIndexException(
                    HashIndexError.UnsupportedVersion, file,
                    $"the index has format {version}, this library reads {Version}; build it again.");
            }

            Header header = default;
            header.CreatedMilliseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
            header.MatchDistance = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
            header.QualityGate = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]);
            int smallest = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) == HeaderBytes ? 0 : -1;
            for (int i = 0; i < KindCount; i++)
            {
                smallest |= header.Counts[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(32 + (4 * i))..]);
            }

            smallest |= header.LabelSets = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]);
            smallest |= header.NameBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[52..]);
            header.TextBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]);
            if (smallest < 0 || header.TextBytes is < 0 or > int.MaxValue || header.NameBytes > header.TextBytes
                || header.MatchDistance is < 0 or > HashIndexWriter.MaxMatchDistance || header.QualityGate is < 0 or > 100
                || header.CreatedMilliseconds is < 0 or > 253_402_300_799_999
                || header.TotalBytes != BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]))
            {
                throw Damaged(file, "the header contradicts itself");
            }

            if (header.TotalBytes != fileBytes)
            {
                throw Damaged(file, $"the file has {fileBytes} bytes, its header says {header.TotalBytes}");
            }

            return header;
        }
    }

    /// <summary>Number of hashes of each kind, in the order of <see cref="Kinds"/>.</summary>
    [InlineArray(KindCount)]
    public struct KindCounts
    {
        private int _first;
    }

    public static HashIndexException Damaged(string file, string what)
        => new(HashIndexError.Damaged, file, $"{what}; restore the file or build it again from its lists.");

    /// <summary>Number of a kind among the sections, -1 where indexes do not hold it.</summary>
    public static int Section(HashKind kind)
    {
        for (int i = 0; i < KindCount; i++)
        {
            if (Kinds[i] == kind)
            {
                return i;
            }
        }

        return -1;
    }
}
