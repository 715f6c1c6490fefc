using System.Buffers.Binary;

namespace SafetySdk.Images;

public static partial class ImageHeaderReader
{
    // RFC 9649: RIFF chunks of type, little-endian length, data, padded to even lengths.
    private static ImageHeader ReadWebP(ReadOnlySpan<byte> encoded, ImageLimits limits, List<ImageFrame>? places = null)
    {
        const int RiffHeader = 12, ChunkHeader = 8;
        long declaredEnd = 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]);
        ReadOnlySpan<byte> riff = encoded[..(int)Math.Clamp(declaredEnd, RiffHeader, encoded.Length)];
        long width = 0, height = 0, metadata = 0, profile = 0;
        bool extended = false, alpha = false, hasData = false;
        int frames = 0, chunks = 0, position = RiffHeader;
        int? orientation = null;
        (int Left, int Top, int Width, int Height)? first = null;
        while (riff.Length - position >= ChunkHeader)
        {
            ReadOnlySpan<byte> type = riff.Slice(position, 4);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(riff[(position + 4)..]);
            position += ChunkHeader;
            int available = (int)Math.Min(length, (uint)(riff.Length - position));
            ReadOnlySpan<byte> data = riff.Slice(position, available);
            Judge("WebP chunks beside frames", ++chunks - frames, limits.MaxWebPChunks);
            if (type.SequenceEqual("VP8X"u8) && width == 0 && data.Length >= 10)
            {
                extended = true;
                alpha = (data[0] & 0x10) != 0;
                width = 1 + Read24(data[4..]);
                height = 1 + Read24(data[7..]);
            }
            else if (type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8))
            {
                hasData |= data.Length == length;
                if (!extended && width == 0)
                {
                    (width, height, alpha) = type[3] == 'L' ? ReadLosslessHeader(data) : ReadLossyHeader(data);
                }
            }
            else if (type.SequenceEqual("ANMF"u8))
            {
                hasData |= data.Length == length;
                Judge("frames", ++frames, limits.MaxStoredFrames);
                if (data.Length >= 16)
                {
                    (int Left, int Top, int Width, int Height) place =
                        (2 * Read24(data), 2 * Read24(data[3..]), 1 + Read24(data[6..]), 1 + Read24(data[9..]));
                    first ??= place;
                    places?.Add(new ImageFrame(
                        place.Left, place.Top, place.Width, place.Height, (data[15] & 1) != 0 ? FrameDisposal.Clear : FrameDisposal.Keep));
                }
            }
            else if (type.SequenceEqual("ICCP"u8))
            {
                profile += Math.Max(1, length);
            }
            else if (type.SequenceEqual("EXIF"u8))
            {
                // Some writers keep the prefix that only JPEG needs.
                orientation ??= ReadExifOrientation(data.StartsWith("Exif\0\0"u8) ? data[6..] : data);
                metadata = Math.Max(metadata, length);
            }
            else if (type.SequenceEqual("XMP "u8))
            {
                metadata = Math.Max(metadata, length);
            }

            if (data.Length < length)
            {
                break;
            }

            position = (int)Math.Min(position + (long)length + (length & 1), riff.Length);
        }

        if (width == 0)
        {
            throw declaredEnd > encoded.Length ? TruncatedHeader(ImageFormat.WebP, encoded.Length) : Corrupt("The WebP holds no picture.");
        }

        JudgeSize(width, height, needsWholePicture: true, limits);
        if (declaredEnd <= encoded.Length && !hasData)
        {
            throw Corrupt("The WebP holds no picture data.");
        }

        return new ImageHeader
        {
            Format = ImageFormat.WebP,
            StoredWidth = (int)width,
            StoredHeight = (int)height,
            FirstFrame = first ?? (0, 0, (int)width, (int)height),
            Orientation = OrientationOrDefault(orientation),
            Frames = Math.Max(1, frames),
            Channels = alpha ? 4 : 3,
            HasAlpha = alpha,
            ProfileBytes = profile,
            NeedsWholePicture = true,
            LargestMetadata = metadata,
            EndPosition = declaredEnd <= encoded.Length ? declaredEnd : -1,
        };
    }

    private static (long Width, long Height, bool Alpha) ReadLossyHeader(ReadOnlySpan<byte> data)
    {
        if (data.Length < 10)
        {
            return (0, 0, false);
        }

        if ((data[0] & 1) != 0 || data[3] != 0x9D || data[4] != 0x01 || data[5] != 0x2A)
        {
            throw Corrupt("The WebP's VP8 data does not start with a key frame.");
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF, false);
    }

    private static (long Width, long Height, bool Alpha) ReadLosslessHeader(ReadOnlySpan<byte> data)
    {
        if (data.Length < 5)
        {
            return (0, 0, false);
        }

        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
        if (data[0] != 0x2F || bits >> 29 != 0)
        {
            throw Corrupt("The WebP's VP8L data does not start with its signature.");
        }

        return (1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF), (bits >> 28 & 1) != 0);
    }

    private static int Read24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
