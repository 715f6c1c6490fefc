using System.Runtime.InteropServices;
using SafetySdk.Images;

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

/// <summary>Turns decoded samples into 8-bit RGB.</summary>
/// <param name="layout">Order of the samples.</param>
/// <param name="sixteenBit">Whether samples are 16-bit in native byte order.</param>
/// <param name="alpha">What to do with transparency.</param>
/// <param name="background">What a transparent picture is laid over.</param>
internal readonly struct RowConverter(SampleLayout layout, bool sixteenBit, AlphaTreatment alpha, PadColour background)
{
    /// <summary>Bytes of one pixel's samples.</summary>
    public int BytesPerPixel => (layout == SampleLayout.Cmyk ? 4 : (int)layout) * (sixteenBit ? 2 : 1);

    /// <summary>Whether samples are 8-bit RGB already.</summary>
    public bool IsIdentity => layout == SampleLayout.Rgb && !sixteenBit;

    /// <summary>Converts pixels to RGB.</summary>
    /// <remarks>
    /// Alpha over a background b: <c>round((c·a + b·(255 − a)) / 255)</c>, halves upward, exact. 16 bit: <c>v &gt;&gt; 8</c> first.
    /// CMYK: per channel <c>nk − round(ink·nk / 255)</c> with <c>nk = 255 − K</c>, as Pillow converts.
    /// </remarks>
    /// <param name="samples">Interleaved samples; overwritten where they are 16-bit.</param>
    /// <param name="rgb">Receives 3 bytes a pixel.</param>
    public void ToRgb(Span<byte> samples, Span<byte> rgb)
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
                    byte value = samples[i];
                    Set(rgb.Slice(3 * i, 3), value, value, value);
                }

                break;

            case SampleLayout.GreyAlpha:
                for (int i = 0; i < pixels; i++)
                {
                    Lay(samples[2 * i], samples[2 * i], samples[2 * i], samples[(2 * i) + 1], rgb.Slice(3 * i, 3));
                }

                break;

            case SampleLayout.Rgba:
                for (int i = 0; i < pixels; i++)
                {
                    ReadOnlySpan<byte> source = samples.Slice(4 * i, 4);
                    Lay(source[0], source[1], source[2], source[3], rgb.Slice(3 * i, 3));
                }

                break;

            case SampleLayout.Cmyk:
                for (int i = 0; i < pixels; i++)
                {
                    ReadOnlySpan<byte> ink = samples.Slice(4 * i, 4);
                    int light = 255 - ink[3];
                    Set(
                        rgb.Slice(3 * i, 3),
                        (byte)(light - DivideBy255(ink[0] * light)),
                        (byte)(light - DivideBy255(ink[1] * light)),
                        (byte)(light - DivideBy255(ink[2] * light)));
                }

                break;

            default:
                throw new InvalidOperationException($"No conversion from layout {layout}.");
        }
    }

    /// <summary>Fills pixels with the background.</summary>
    /// <param name="rgb">3 bytes a pixel.</param>
    public void FillBackground(Span<byte> rgb)
    {
        for (int i = 0; i < rgb.Length; i += 3)
        {
            Set(rgb[i..], background.Red, background.Green, background.Blue);
        }
    }

    private void Lay(byte red, byte green, byte blue, byte opacity, Span<byte> pixel)
    {
        if (alpha == AlphaTreatment.Drop || opacity == byte.MaxValue)
        {
            Set(pixel, red, green, blue);
        }
        else
        {
            Set(pixel, Over(red, background.Red, opacity), Over(green, background.Green, opacity), Over(blue, background.Blue, opacity));
        }
    }

    private static void Set(Span<byte> pixel, byte red, byte green, byte blue)
    {
        pixel[2] = blue;
        pixel[1] = green;
        pixel[0] = red;
    }

    private static byte Over(int colour, int under, int opacity) => (byte)DivideBy255((colour * opacity) + (under * (255 - opacity)));

    // Exactly round(v / 255), halves upward, for 0 <= v <= 65025.
    private static int DivideBy255(int v)
    {
        v += 128;
        return (v + (v >> 8)) >> 8;
    }
}
