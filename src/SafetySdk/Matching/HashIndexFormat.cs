using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>How an index holds its PDQ hashes.</summary>
internal enum PdqLayout
{
    /// <summary>One after the other, compared one by one.</summary>
    Rows = 0,

    /// <summary>As a ring of sixteen tables, see <see cref="SlotRing"/>.</summary>
    Ring = 1,
}

/// <summary>
/// The bytes of an index, little-endian. A header of 256 bytes; then the sections of <see cref="HashIndexLayout"/>, each on a multiple of
/// 64; then CRC-32C of every block of 64 KiB of what stands before, the header left out. The header has a CRC-32C of itself and of that
/// table, so that opening proves both, and each block is proved when it is first read.
/// </summary>
internal static class HashIndexFormat
{
    public const uint Version = 3;
    public const int HeaderBytes = 256;
    public const int BlockShift = 16;
    public const int BlockBytes = 1 << BlockShift;
    public const int DigestBytes = SHA256.HashSizeInBytes;

    /// <summary>Offset in the text and length in one word, then the number of the label set.</summary>
    public const int RecordBytes = sizeof(ulong) + sizeof(int);

    /// <summary>Offset in the text, length.</summary>
    public const int LabelSetBytes = sizeof(long) + sizeof(int);

    /// <summary>Number of kinds.</summary>
    public const int KindCount = 4;

    /// <summary>Between the labels of a set.</summary>
    public const char LabelSeparator = '\n';

    /// <summary>Most bytes of text: an offset has 48 bits.</summary>
    public const long MaxTextBytes = 1L << 47;

    // Parts of the header.
    public const int DigestAt = 128;
    private const int BlockTableCheckAt = 160;
    private const int HeaderCheckAt = HeaderBytes - sizeof(uint);

    public static ReadOnlySpan<byte> Magic => "SAFETYIX"u8;

    /// <summary>The kinds of hashes in the order of the sections.</summary>
    public static ReadOnlySpan<HashKind> Kinds => [HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256];

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

    public static HashIndexException Damaged(string file, string what)
        => new(HashIndexError.Damaged, file, $"{what}; restore the file or build it again from its lists.");

    /// <summary>CRC-32C (Castagnoli) without the customary inversions; they would change nothing here.</summary>
    public static uint Check(ReadOnlySpan<byte> bytes, uint seed = uint.MaxValue)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            seed = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            seed = BitOperations.Crc32C(seed, value);
        }

        return seed;
    }

    /// <summary>Number of a hash of each kind, in the order of <see cref="Kinds"/>.</summary>
    [InlineArray(KindCount)]
    public struct KindCounts
    {
        private int _first;
    }

    /// <summary>Bytes of a rank in each table of the ring: 1 or 2.</summary>
    [InlineArray(SlotRing.Slots)]
    public struct RankWidths
    {
        private byte _first;
    }

    /// <summary>Identifies a file of changes.</summary>
    [InlineArray(16)]
    public struct LogIdentity
    {
        private byte _first;
    }

    /// <summary>What the header says.</summary>
    public struct Header
    {
        public long CreatedMilliseconds;
        public int MatchDistance;
        public int QualityGate;
        public KindCounts Counts;
        public int LabelSets;
        public int NameBytes;
        public int SourceBytes;
        public long TextBytes;
        public PdqLayout Layout;
        public RankWidths Ranks;

        /// <summary>Bytes of the ranks that do not fit into those widths.</summary>
        public long OverflowBytes;

        /// <summary>The changes that the index holds already: of which file, and up to where.</summary>
        public LogIdentity AbsorbedLog;
        public long AbsorbedBytes;

        public uint BlockTableCheck;

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

        public readonly void Write(Span<byte> bytes, ReadOnlySpan<byte> digest)
        {
            bytes = bytes[..HeaderBytes];
            WriteDescription(bytes);
            digest.CopyTo(bytes[DigestAt..]);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[BlockTableCheckAt..], BlockTableCheck);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[HeaderCheckAt..], Check(bytes[..HeaderCheckAt]));
        }

        /// <summary>The part that is known before the sections are written; the digest covers it.</summary>
        public readonly void WriteDescription(Span<byte> bytes)
        {
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
            BinaryPrimitives.WriteInt64LittleEndian(bytes[64..], new HashIndexLayout(this).TotalBytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[72..], SourceBytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[76..], (int)Layout);
            ((ReadOnlySpan<byte>)Ranks).CopyTo(bytes[80..]);
            ((ReadOnlySpan<byte>)AbsorbedLog).CopyTo(bytes[96..]);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[112..], AbsorbedBytes);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[120..], OverflowBytes);
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

            if (bytes.Length < 12)
            {
                throw Damaged(file, $"the file ends at byte {fileBytes}, within its header");
            }

            uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            if (version != Version)
            {
                throw new HashIndexException(
                    HashIndexError.UnsupportedVersion, file,
                    version > Version
                        ? $"the index has format {version}, this library reads {Version}; use a newer library, or build it again."
                        : $"the index has format {version}, this library reads {Version}; build it again.");
            }

            if (bytes.Length < HeaderBytes)
            {
                throw Damaged(file, $"the file ends at byte {fileBytes}, within its header");
            }

            if (Check(bytes[..HeaderCheckAt]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderCheckAt..]))
            {
                throw Damaged(file, "the checksum of the header does not fit");
            }

            Header header = Parse(bytes);
            if (!header.IsPossible(bytes))
            {
                throw Damaged(file, "the header contradicts itself");
            }

            long total = BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]);
            return total == fileBytes ? header : throw Damaged(file, $"the file has {fileBytes} bytes, its header says {total}");
        }

        private static Header Parse(ReadOnlySpan<byte> bytes)
        {
            Header header = default;
            header.CreatedMilliseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
            header.MatchDistance = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
            header.QualityGate = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]);
            for (int i = 0; i < KindCount; i++)
            {
                header.Counts[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(32 + (4 * i))..]);
            }

            header.LabelSets = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]);
            header.NameBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[52..]);
            header.TextBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]);
            header.SourceBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[72..]);
            header.Layout = (PdqLayout)BinaryPrimitives.ReadInt32LittleEndian(bytes[76..]);
            bytes.Slice(80, SlotRing.Slots).CopyTo(header.Ranks);
            bytes.Slice(96, 16).CopyTo(header.AbsorbedLog);
            header.AbsorbedBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[112..]);
            header.OverflowBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[120..]);
            header.BlockTableCheck = BinaryPrimitives.ReadUInt32LittleEndian(bytes[BlockTableCheckAt..]);
            return header;
        }

        // A checksum can be made by anyone; what follows from the header must be possible all the same.
        private readonly bool IsPossible(ReadOnlySpan<byte> bytes)
        {
            int smallest = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) == HeaderBytes ? 0 : -1;
            foreach (int count in Counts)
            {
                smallest |= count;
            }

            bool widths = true;
            foreach (byte width in Ranks)
            {
                widths &= Layout == PdqLayout.Ring ? width is 1 or 2 : width == 0;
            }

            return (smallest | LabelSets | NameBytes | SourceBytes) >= 0 && widths && Entries <= int.MaxValue
                && Layout is PdqLayout.Rows or PdqLayout.Ring
                && TextBytes is >= 0 and <= MaxTextBytes && NameBytes + (long)SourceBytes <= TextBytes
                && MatchDistance is >= 0 and <= HashIndexWriter.MaxMatchDistance && QualityGate is >= 0 and <= 100
                && CreatedMilliseconds is >= 0 and <= 253_402_300_799_999 && AbsorbedBytes >= 0
                && OverflowBytes >= 0 && OverflowBytes <= (Layout == PdqLayout.Ring ? Counts[0] * (long)SlotRing.Slots * sizeof(uint) : 0)
                && new HashIndexLayout(this).TotalBytes == BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]);
        }
    }
}
