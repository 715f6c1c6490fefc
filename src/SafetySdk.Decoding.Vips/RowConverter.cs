using System.Runtime.InteropServices;

namespace SafetySdk.Decoding.Vips;

/// <summary>How the samples of a decoded row are laid out.</summary>
internal enum SampleLayout
{
    Grey = 1,
    GreyAlpha = 2,
    Rgb = 3,
    Rgba = 4,

    /// <summary>Amounts of ink, 0 for none.</summary>
    Cmyk = 5,
}

/// <summary>Turns decoded samples into 8-bit RGB over white, and places rows as displayed.</summary>
internal static class RowConverter
{
    /// <summary>Converts pixels to RGB.</summary>
    /// <remarks>
    /// Alpha over white: <c>round((c·a + 255·(255 − a)) / 255)</c>, halves upward, exact. 16 bit: <c>v &gt;&gt; 8</c> first.
    /// CMYK: per channel <c>nk − round(ink·nk / 255)</c> with <c>nk = 255 − K</c>, as Pillow converts.
    /// </remarks>
    /// <param name="samples">Interleaved samples; overwritten where they are 16-bit.</param>
    /// <param name="layout">Order of the samples.</param>
    /// <param name="sixteenBit">Whether samples are 16-bit in native byte order.</param>
    /// <param name="rgb">Receives 3 bytes a pixel.</param>
    public static void ToRgb(Span<byte> samples, SampleLayout layout, bool sixteenBit, Span<byte> rgb)
    {
        if (sixteenBit)
        {
            // In place: byte i is written after word i, which lies at or behind it, was read.
            ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(samples);
            for (int i = 0; i < words.Length; i++)
            {
                samples[i] = (byte)(words[i] >> 8);
            }

            samples = samples[..words.Length];
        }

        int pixels = rgb.Length / 3;
        switch (layout)
        {
            case SampleLayout.Rgb:
                samples[..rgb.Length].CopyTo(rgb);
                break;

            case SampleLayout.Grey:
                for (int i = 0; i < pixels; i++)
                {
                    Replicate(rgb.Slice(3 * i, 3), samples[i]);
                }

                break;

            case SampleLayout.GreyAlpha:
                for (int i = 0; i < pixels; i++)
                {
                    Replicate(rgb.Slice(3 * i, 3), OverWhite(samples[2 * i], samples[(2 * i) + 1]));
                }

                break;

            case SampleLayout.Rgba:
                for (int i = 0; i < pixels; i++)
                {
                    ReadOnlySpan<byte> source = samples.Slice(4 * i, 4);
                    Span<byte> target = rgb.Slice(3 * i, 3);
                    target[0] = OverWhite(source[0], source[3]);
                    target[1] = OverWhite(source[1], source[3]);
                    target[2] = OverWhite(source[2], source[3]);
                }

                break;

            case SampleLayout.Cmyk:
                for (int i = 0; i < pixels; i++)
                {
                    ReadOnlySpan<byte> ink = samples.Slice(4 * i, 4);
                    Span<byte> target = rgb.Slice(3 * i, 3);
                    int light = 255 - ink[3];
                    target[0] = (byte)(light - DivideBy255(ink[0] * light));
                    target[1] = (byte)(light - DivideBy255(ink[1] * light));
                    target[2] = (byte)(light - DivideBy255(ink[2] * light));
                }

                break;

            default:
                throw new ArgumentOutOfRangeException(nameof(layout));
        }
    }

    /// <summary>Makes white what lies outside the frame: transparent to a viewer, black or a background colour to a codec.</summary>
    /// <param name="rows">Consecutive RGB rows, from <paramref name="top"/> on.</param>
    /// <param name="top">Index of the first of them.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="frame">The frame's place.</param>
    public static void WhiteOutside(Span<byte> rows, int top, int width, (int Left, int Top, int Width, int Height) frame)
    {
        int count = rows.Length / (3 * width);
        int left = Math.Min(frame.Left, width), right = (int)Math.Min((long)frame.Left + frame.Width, width);
        if (left == 0 && right == width && top >= frame.Top && top + count <= (long)frame.Top + frame.Height)
        {
            return;
        }

        for (int row = 0; row < count; row++)
        {
            Span<byte> target = rows.Slice(row * width * 3, width * 3);
            if (top + row < frame.Top || top + row >= (long)frame.Top + frame.Height)
            {
                target.Fill(byte.MaxValue);
            }
            else
            {
                target[..(left * 3)].Fill(byte.MaxValue);
                target[(right * 3)..].Fill(byte.MaxValue);
            }
        }
    }

    /// <summary>Copies RGB rows of the stored picture to where they are displayed.</summary>
    /// <param name="rows">Consecutive stored rows, from <paramref name="top"/> on.</param>
    /// <param name="top">Index of the first of them.</param>
    /// <param name="width">Stored width, pixels.</param>
    /// <param name="height">Stored height, pixels.</param>
    /// <param name="orientation">EXIF orientation 1–8.</param>
    /// <param name="displayed">The displayed picture, 3 × width × height bytes.</param>
    public static void Place(ReadOnlySpan<byte> rows, int top, int width, int height, int orientation, Span<byte> displayed)
    {
        int count = rows.Length / (3 * width);
        if (orientation < 5)
        {
            bool mirrored = orientation is 2 or 3, upsideDown = orientation is 3 or 4;
            for (int row = 0; row < count; row++)
            {
                ReadOnlySpan<byte> source = rows.Slice(row * width * 3, width * 3);
                int y = upsideDown ? height - 1 - top - row : top + row;
                Span<byte> target = displayed.Slice(y * width * 3, width * 3);
                if (!mirrored)
                {
                    source.CopyTo(target);
                    continue;
                }

                for (int from = 0, to = target.Length - 3; to >= 0; from += 3, to -= 3)
                {
                    target[to] = source[from];
                    target[to + 1] = source[from + 1];
                    target[to + 2] = source[from + 2];
                }
            }

            return;
        }

        // Stored rows become displayed columns; column by column, so that writes of one strip stay together.
        bool rowsReversed = orientation is 6 or 7, columnsReversed = orientation is 7 or 8;
        int stride = height * 3, left = (rowsReversed ? height - top - count : top) * 3;
        for (int x = 0; x < width; x++)
        {
            int y = columnsReversed ? width - 1 - x : x;
            Span<byte> target = displayed.Slice((y * stride) + left, count * 3);
            for (int i = 0; i < count; i++)
            {
                int from = (((rowsReversed ? count - 1 - i : i) * width) + x) * 3;
                target[3 * i] = rows[from];
                target[(3 * i) + 1] = rows[from + 1];
                target[(3 * i) + 2] = rows[from + 2];
            }
        }
    }

    private static void Replicate(Span<byte> pixel, byte value)
    {
        pixel[2] = value;
        pixel[1] = value;
        pixel[0] = value;
    }

    private static byte OverWhite(int colour, int alpha) => (byte)DivideBy255((colour * alpha) + (255 * (255 - alpha)));

    // Exactly round(v / 255), halves upward, for 0 <= v <= 65025.
    private static int DivideBy255(int v)
    {
        v += 128;
        return (v + (v >> 8)) >> 8;
    }
}
