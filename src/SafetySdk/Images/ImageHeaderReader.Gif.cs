using System.Buffers.Binary;

namespace SafetySdk.Images;

public static partial class ImageHeaderReader
{
    // GIF89a, section 12 onward: screen descriptor, then blocks until the trailer.
    private static ImageHeader ReadGif(ReadOnlySpan<byte> encoded, ImageLimits limits, List<ImageFrame>? places = null)
    {
        const int ScreenEnd = 13, DescriptorLength = 10;
        const byte Extension = 0x21, ImageSeparator = 0x2C, Trailer = 0x3B, GraphicControl = 0xF9;
        if (encoded.Length < ScreenEnd)
        {
            throw TruncatedHeader(ImageFormat.Gif, encoded.Length);
        }

        int width = BinaryPrimitives.ReadUInt16LittleEndian(encoded[6..]), height = BinaryPrimitives.ReadUInt16LittleEndian(encoded[8..]);
        int position = ScreenEnd + ColourTableLength(encoded[10]);
        int frames = 0;
        (int Left, int Top, int Width, int Height) first = default;
        bool transparent = false;
        var disposal = FrameDisposal.Keep;
        long end = -1;
        while (position < encoded.Length && end < 0)
        {
            switch (encoded[position])
            {
                case Trailer:
                    end = position + 1;
                    break;

                case Extension:
                    if (encoded.Length - position >= 4 && encoded[position + 1] == GraphicControl)
                    {
                        transparent |= (encoded[position + 3] & 1) != 0;
                        disposal = ((encoded[position + 3] >> 2) & 7) switch
                        {
                            2 => FrameDisposal.Clear,
                            3 => FrameDisposal.Restore,
                            _ => FrameDisposal.Keep,
                        };
                    }

                    position = SkipSubBlocks(encoded, position + 2L);
                    break;

                case ImageSeparator:
                    if (encoded.Length - position < DescriptorLength)
                    {
                        position = encoded.Length;
                        break;
                    }

                    ReadOnlySpan<byte> descriptor = encoded.Slice(position + 1, DescriptorLength - 1);
                    Judge("frames", ++frames, limits.MaxStoredFrames);
                    if (frames == 1)
                    {
                        // Browsers and nsgif let the first frame, and only that, grow the canvas.
                        first = (
                            BinaryPrimitives.ReadUInt16LittleEndian(descriptor),
                            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]),
                            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[4..]),
                            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[6..]));
                        width = Math.Max(width, first.Left + first.Width);
                        height = Math.Max(height, first.Top + first.Height);
                        JudgeSize(width, height, needsWholePicture: true, limits);
                    }

                    places?.Add(new ImageFrame(
                        BinaryPrimitives.ReadUInt16LittleEndian(descriptor),
                        BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]),
                        BinaryPrimitives.ReadUInt16LittleEndian(descriptor[4..]),
                        BinaryPrimitives.ReadUInt16LittleEndian(descriptor[6..]),
                        disposal));
                    disposal = FrameDisposal.Keep;

                    // The byte before the data is the LZW code size.
                    position = SkipSubBlocks(encoded, position + (long)DescriptorLength + ColourTableLength(descriptor[8]) + 1);
                    break;

                default:
                    throw Corrupt($"The GIF block at byte {position} is of an unknown kind.");
            }
        }

        if (frames == 0)
        {
            throw end < 0 ? TruncatedHeader(ImageFormat.Gif, encoded.Length) : Corrupt("The GIF holds no picture.");
        }

        return new ImageHeader
        {
            Format = ImageFormat.Gif,
            StoredWidth = width,
            StoredHeight = height,
            FirstFrame = first,
            Frames = frames,
            Channels = 3,
            HasAlpha = transparent,
            NeedsWholePicture = true,
            EndPosition = end,
        };
    }

    private static int ColourTableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static int SkipSubBlocks(ReadOnlySpan<byte> encoded, long position)
    {
        while (position < encoded.Length)
        {
            int length = encoded[(int)position];
            position += length + 1;
            if (length == 0)
            {
                break;
            }
        }

        return (int)Math.Min(position, encoded.Length);
    }
}
