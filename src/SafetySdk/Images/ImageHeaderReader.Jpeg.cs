using System.Buffers.Binary;

namespace SafetySdk.Images;

public static partial class ImageHeaderReader
{
    private const byte StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA, App1 = 0xE1, App2 = 0xE2;

    // ITU-T T.81 B.1: markers are 0xFF and a code; within a scan 0xFF 0x00 is data and 0xFF 0xD0-0xD7 are restart marks.
    private static ImageHeader ReadJpeg(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        int width = 0, height = 0, channels = 0, scans = 0, markersBeforeScan = 0, markersAfter = 0;
        bool progressive = false, severalScans = false;
        long exif = 0, xmp = 0, profile = 0, end = -1;
        int? orientation = null;
        int position = 2;
        while (NextMarker(encoded, ref position) is byte code)
        {
            if (code == EndOfImage)
            {
                end = position;
                break;
            }

            if (code is 0x01 or (>= 0xD0 and <= 0xD7))
            {
                continue;
            }

            if (code == StartOfImage)
            {
                throw Corrupt($"A second start-of-image marker stands at byte {position - 2} of the JPEG.");
            }

            // Counted after the first scan too: nothing else bounds the segments between scans.
            Judge("JPEG markers", scans == 0 ? ++markersBeforeScan : ++markersAfter, limits.MaxJpegMarkers);
            if (encoded.Length - position < 2)
            {
                break;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(encoded[position..]);
            if (length < 2)
            {
                throw Corrupt($"The JPEG segment at byte {position - 2} declares a length below 2.");
            }

            if (length > encoded.Length - position)
            {
                break;
            }

            ReadOnlySpan<byte> segment = encoded.Slice(position + 2, length - 2);
            position += length;
            switch (code)
            {
                case >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC):
                    if (channels != 0)
                    {
                        throw Corrupt("The JPEG has two frame headers.");
                    }

                    (width, height, channels) = ReadFrameHeader(code, segment);
                    progressive = code is 0xC2 or 0xCA;
                    JudgeSize(width, height, progressive, limits);
                    break;

                case StartOfScan:
                    if (channels == 0)
                    {
                        throw Corrupt("The JPEG has a scan before its frame header.");
                    }

                    scans++;
                    severalScans |= scans > 1 || segment.IsEmpty || segment[0] < channels;
                    Judge("JPEG scans", scans, limits.MaxJpegScans);
                    if (progressive || severalScans)
                    {
                        JudgeSize(width, height, needsWholePicture: true, limits);
                        Judge("JPEG scans x pixels", (long)scans * width * height, limits.MaxJpegScanPixels);
                    }

                    SkipScanData(encoded, ref position);
                    break;

                case App1 when segment.StartsWith("Exif\0\0"u8):
                    exif += segment.Length;
                    orientation ??= ReadExifOrientation(segment[6..]);
                    break;

                case App1 when segment.StartsWith("http://ns.adobe.com/x"u8):
                    xmp += segment.Length;
                    break;

                case App2 when segment.StartsWith("ICC_PROFILE\0"u8):
                    profile += segment.Length;
                    break;
            }
        }

        if (channels == 0)
        {
            throw end < 0
                ? TruncatedHeader(ImageFormat.Jpeg, encoded.Length)
                : Corrupt("The JPEG ends without a frame header.");
        }

        if (end >= 0 && scans == 0)
        {
            throw Corrupt("The JPEG ends without a scan.");
        }

        return new ImageHeader
        {
            Format = ImageFormat.Jpeg,
            StoredWidth = width,
            StoredHeight = height,
            FirstFrame = (0, 0, width, height),
            Orientation = OrientationOrDefault(orientation),
            Channels = channels,
            ProfileBytes = profile,
            NeedsWholePicture = progressive || severalScans,
            JpegScans = scans,
            LargestMetadata = Math.Max(exif, xmp),
            EndPosition = end,
        };
    }

    private static (int Width, int Height, int Channels) ReadFrameHeader(byte code, ReadOnlySpan<byte> segment)
    {
        if (code is not (0xC0 or 0xC1 or 0xC2 or 0xC9 or 0xCA))
        {
            throw new ImageException(ImageError.Unsupported, $"JPEG coding process SOF{code - 0xC0} is not read.");
        }

        if (segment.Length < 6 || segment.Length < 6 + (3 * segment[5]))
        {
            throw Corrupt("The JPEG's frame header is too short.");
        }

        if (segment[0] != 8 || segment[5] is not (1 or 3 or 4))
        {
            throw new ImageException(
                ImageError.Unsupported, $"A JPEG of {segment[5]} components of {segment[0]} bits is not read, only 1, 3 or 4 of 8 bits.");
        }

        // Height 0 would announce a DNL marker, which decoders do not read; JudgeSize refuses it.
        return (BinaryPrimitives.ReadUInt16BigEndian(segment[3..]), BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), segment[5]);
    }

    // Moves behind the next marker and gives its code; null at the end of the data. Bytes between segments are skipped, as decoders do.
    private static byte? NextMarker(ReadOnlySpan<byte> encoded, ref int position)
    {
        while (true)
        {
            int start = encoded[position..].IndexOf((byte)0xFF);
            if (start < 0)
            {
                return null;
            }

            position += start;
            int fill = encoded[position..].IndexOfAnyExcept((byte)0xFF);
            if (fill < 0)
            {
                return null;
            }

            position += fill + 1;
            if (encoded[position - 1] != 0)
            {
                return encoded[position - 1];
            }
        }
    }

    // Stops at the 0xFF of the marker that ends the scan, or at the end of the data.
    private static void SkipScanData(ReadOnlySpan<byte> encoded, ref int position)
    {
        while (true)
        {
            int next = encoded[position..].IndexOf((byte)0xFF);
            if (next < 0 || encoded.Length - position - next < 2)
            {
                position = encoded.Length;
                return;
            }

            position += next;
            byte code = encoded[position + 1];
            if (code is 0 or (>= 0xD0 and <= 0xD7))
            {
                position += 2;
            }
            else
            {
                return;
            }
        }
    }
}
