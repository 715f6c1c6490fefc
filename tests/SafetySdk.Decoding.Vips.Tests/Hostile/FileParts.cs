using System.Buffers.Binary;
using SafetySdk.Decoding.Vips.Tests.Encoding;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>
/// Takes a well-formed file apart at its markers, chunks and blocks and puts parts together again. Written from the specifications, not
/// from the reader under test.
/// </summary>
internal static class FileParts
{
    /// <summary>The parts, in order; together they are the file.</summary>
    public static List<byte[]> Split(byte[] file)
    {
        var parts = new List<byte[]>();
        int position = 0;
        while (position < file.Length)
        {
            int length = Math.Clamp(
                file[0] switch
                {
                    0xFF => JpegPart(file, position),
                    0x89 => position == 0 ? 8 : 12 + BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(position)),
                    (byte)'G' => GifPart(file, position),
                    _ => position == 0 ? 12 : WebPPart(file, position),
                },
                1,
                file.Length - position);
            parts.Add(file[position..(position + length)]);
            position += length;
        }

        return parts;
    }

    /// <summary>Puts parts together; <paramref name="mend"/> makes checksums and outer sizes right again, so that what is wrong gets further in.</summary>
    public static byte[] Join(List<byte[]> parts, bool mend)
    {
        if (mend && parts is [[0x89, ..], ..])
        {
            for (int i = 1; i < parts.Count; i++)
            {
                MendChecksum(parts[i]);
            }
        }

        byte[] file = [.. parts.SelectMany(p => p)];
        if (mend && file.Length >= 12 && file.AsSpan().StartsWith("RIFF"u8))
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        }

        return file;
    }

    /// <summary>Makes the checksum of a PNG chunk right; does nothing to what is too short for one.</summary>
    public static void MendChecksum(byte[] chunk)
    {
        if (chunk.Length >= 12)
        {
            BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), PngWriter.Checksum(chunk.AsSpan(4, chunk.Length - 8)));
        }
    }

    private static int JpegPart(byte[] file, int position)
    {
        // Entropy-coded data lies between a scan header and the next marker that is no restart.
        if (file[position] != 0xFF || file[position + 1] is 0 or (>= 0xD0 and <= 0xD7))
        {
            int end = position;
            while (end + 1 < file.Length && (file[end] != 0xFF || file[end + 1] is 0 or (>= 0xD0 and <= 0xD7)))
            {
                end++;
            }

            return end - position;
        }

        return file[position + 1] is 0xD8 or 0xD9 || file.Length - position < 4
            ? 2
            : 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(position + 2));
    }

    private static int GifPart(byte[] file, int position)
    {
        static int Table(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
        if (position == 0)
        {
            return 13 + Table(file[10]);
        }

        int end;
        switch (file[position])
        {
            case 0x21:
                end = position + 2;
                break;
            case 0x2C:
                end = position + 11 + Table(file[position + 9]);
                break;
            default:
                return 1;
        }

        while (end < file.Length && file[end] != 0)
        {
            end += 1 + file[end];
        }

        return end + 1 - position;
    }

    private static int WebPPart(byte[] file, int position)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(position + 4));
        return 8 + length + (length & 1);
    }
}
