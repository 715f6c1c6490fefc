using System.Buffers.Binary;

namespace SafetySdk.Images;

public static partial class ImageHeaderReader
{
    // PNG third edition, section 11: chunks of length, type, data, CRC. CRCs are the decoder's to check.
    private static ImageHeader ReadPng(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        const int ChunkOverhead = 12, HeaderLength = 13;
        int position = PngSignature.Length;
        if (encoded.Length - position < 8 + HeaderLength)
        {
            throw TruncatedHeader(ImageFormat.Png, encoded.Length);
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(encoded[position..]) != HeaderLength || !encoded.Slice(position + 4, 4).SequenceEqual("IHDR"u8))
        {
            throw Corrupt("The PNG does not start with an IHDR chunk of 13 bytes.");
        }

        ReadOnlySpan<byte> ihdr = encoded.Slice(position + 8, HeaderLength);
        uint width = BinaryPrimitives.ReadUInt32BigEndian(ihdr), height = BinaryPrimitives.ReadUInt32BigEndian(ihdr[4..]);
        int depth = ihdr[8], colourType = ihdr[9];
        bool interlaced = ihdr[12] == 1;
        bool known = colourType switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => depth is 8 or 16,
            _ => false,
        };
        if (!known || ihdr[10] != 0 || ihdr[11] != 0 || ihdr[12] > 1)
        {
            throw Corrupt($"The PNG header declares an unknown coding: colour type {colourType}, depth {depth}, "
                + $"compression {ihdr[10]}, filter {ihdr[11]}, interlace {ihdr[12]}.");
        }

        JudgeSize(width, height, interlaced, limits);

        bool hasData = false, hasPalette = false, transparent = colourType >= 4;
        int? orientation = null;
        long frames = 1, metadata = 0, profile = 0, end = -1;
        position += HeaderLength + ChunkOverhead;
        while (encoded.Length - position >= ChunkOverhead)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(encoded[position..]);
            ReadOnlySpan<byte> type = encoded.Slice(position + 4, 4);
            foreach (byte letter in type)
            {
                if (!char.IsAsciiLetter((char)letter))
                {
                    throw Corrupt($"The PNG chunk at byte {position} has a type that is not four letters.");
                }
            }

            if (length > encoded.Length - position - ChunkOverhead)
            {
                break;
            }

            ReadOnlySpan<byte> data = encoded.Slice(position + 8, (int)length);
            position += (int)length + ChunkOverhead;
            if (type.SequenceEqual("IDAT"u8))
            {
                hasData = true;
            }
            else if (type.SequenceEqual("IEND"u8))
            {
                end = position;
                break;
            }
            else if (type.SequenceEqual("PLTE"u8))
            {
                hasPalette = true;
            }
            else if (type.SequenceEqual("tRNS"u8))
            {
                transparent = true;
            }
            else if (type.SequenceEqual("acTL"u8) && data.Length >= 4)
            {
                frames = Math.Max(1, BinaryPrimitives.ReadUInt32BigEndian(data));
            }
            else if (type.SequenceEqual("iCCP"u8))
            {
                profile += Math.Max(1, length);
            }
            else if (type.SequenceEqual("eXIf"u8))
            {
                orientation ??= ReadExifOrientation(data);
                metadata = Math.Max(metadata, length);
            }
            else if (type.SequenceEqual("tEXt"u8) || type.SequenceEqual("zTXt"u8) || type.SequenceEqual("iTXt"u8))
            {
                metadata = Math.Max(metadata, length);
            }
        }

        if (end >= 0 && (!hasData || (colourType == 3 && !hasPalette)))
        {
            throw Corrupt("The PNG ends without the chunks that it needs.");
        }

        return new ImageHeader
        {
            Format = ImageFormat.Png,
            StoredWidth = (int)width,
            StoredHeight = (int)height,
            FirstFrame = (0, 0, (int)width, (int)height),
            Orientation = OrientationOrDefault(orientation),
            Frames = (int)Math.Min(frames, int.MaxValue),
            Channels = colourType switch { 0 => 1, 4 => 2, 6 => 4, _ => 3 },
            BitDepth = depth,
            HasAlpha = transparent,
            ProfileBytes = profile,
            NeedsWholePicture = interlaced,
            LargestMetadata = metadata,
            EndPosition = end,
        };
    }
}
