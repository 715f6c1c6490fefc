using System.Buffers;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>Reads strips of a picture or of one of its frames as RGB rows of the whole canvas. Used by one thread.</summary>
internal sealed unsafe class StripReader : IDisposable
{
    private const int UnsignedByte = 0, UnsignedShort = 2;

    private readonly VipsImage _image;
    private readonly ImageRowFormat _format;
    private readonly RowConverter _converter;
    private readonly int _frameHeight;

    // What lies outside the first frame is transparent, whatever the codec gives.
    private readonly (int Left, int Top, int Width, int Height) _first;
    private byte[]? _strip;

    /// <param name="image">The opened picture; not owned.</param>
    /// <param name="header">Its header.</param>
    /// <param name="format">What is delivered.</param>
    /// <param name="options">How to decode.</param>
    /// <exception cref="ImageException">The picture is none of those that are read, or contradicts its header.</exception>
    public StripReader(VipsImage image, ImageHeader header, ImageRowFormat format, DecodeOptions options)
    {
        _image = image;
        _format = format;
        _frameHeight = image.FrameHeight;

        // nsgif distrusts some GIF screen sizes and then gives only the part that the first frame reaches; the rest is transparent.
        bool isWhole = image.Width == _format.Width && _frameHeight == _format.Height;
        bool isPart = header.Format == ImageFormat.Gif && image.Width <= _format.Width && _frameHeight <= _format.Height;
        if (!isWhole && !isPart)
        {
            throw new ImageException(
                ImageError.Corrupt,
                $"The {header.Format} picture contradicts itself: {_format.Width}x{_format.Height} by its header, "
                + $"{image.Width}x{_frameHeight} by its data.");
        }

        if (image.Bands is < 1 or > 4 || (image.IsCmyk && image.Bands != 4) || image.BandFormat is not (UnsignedByte or UnsignedShort))
        {
            throw new ImageException(
                ImageError.Unsupported, $"A {header.Format} picture of {image.Bands} channels in this coding is not read.");
        }

        _converter = new RowConverter(
            image.IsCmyk ? SampleLayout.Cmyk : (SampleLayout)image.Bands,
            image.BandFormat == UnsignedShort,
            options.Alpha,
            options.Background);
        _first = header.Format is ImageFormat.Gif or ImageFormat.WebP ? header.FirstFrame : (0, 0, _format.Width, _format.Height);
    }

    /// <summary>What of the canvas frames have drawn; null for the first frame alone, or where they draw all of it.</summary>
    public FrameCoverage? Coverage { get; set; }

    /// <summary>Reads a strip; strips must be read in order.</summary>
    /// <param name="frame">Index of the frame.</param>
    /// <param name="top">First row.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="receiver">Takes the rows; null to skip them.</param>
    /// <returns>False where the data is damaged; nothing was delivered then.</returns>
    public bool Read(int frame, int top, int count, IImageRowReceiver? receiver)
    {
        int present = Math.Clamp(_frameHeight - top, 0, count);
        byte* samples = null;
        try
        {
            long length = 0;
            if (present > 0)
            {
                samples = _image.FetchRows(checked((frame * _frameHeight) + top), present, out length);
                if (samples is null || length != (long)present * _image.Width * _converter.BytesPerPixel)
                {
                    return false;
                }
            }

            if (receiver is null)
            {
                return true;
            }

            bool isWhole = present == count && _image.Width == _format.Width;
            if (isWhole && _converter.IsIdentity && IsCovered(frame, top, count))
            {
                receiver.Receive(new ReadOnlySpan<byte>(samples, (int)length), top, count);
            }
            else
            {
                receiver.Receive(Convert(new Span<byte>(samples, (int)length), frame, top, count, present), top, count);
            }

            return true;
        }
        finally
        {
            if (samples is not null)
            {
                _image.Free(samples);
            }
        }
    }

    /// <summary>Delivers rows of the background instead of such as cannot be read.</summary>
    public void Fill(int top, int count, IImageRowReceiver receiver) => receiver.Receive(Convert([], 0, top, count, 0), top, count);

    public void Dispose()
    {
        if (_strip is not null)
        {
            ArrayPool<byte>.Shared.Return(_strip, clearArray: true);
            _strip = null;
        }
    }

    private Span<byte> Convert(Span<byte> samples, int frame, int top, int count, int present)
    {
        int rowBytes = _format.Width * 3, length = count * rowBytes;
        if (_strip is null || _strip.Length < length)
        {
            Dispose();
            _strip = ArrayPool<byte>.Shared.Rent(length);
        }

        Span<byte> rgb = _strip.AsSpan(0, length);
        if (_image.Width == _format.Width)
        {
            _converter.ToRgb(samples, rgb[..(present * rowBytes)]);
        }
        else
        {
            int sampleBytes = _image.Width * _converter.BytesPerPixel;
            for (int row = 0; row < present; row++)
            {
                Span<byte> target = rgb.Slice(row * rowBytes, rowBytes);
                _converter.ToRgb(samples.Slice(row * sampleBytes, sampleBytes), target[..(_image.Width * 3)]);
                _converter.FillBackground(target[(_image.Width * 3)..]);
            }
        }

        _converter.FillBackground(rgb[(present * rowBytes)..]);
        if (Coverage is not null)
        {
            Coverage.Clear(rgb[..(present * rowBytes)], top, _converter);
        }
        else if (!IsCovered(frame, top, present))
        {
            ClearUncovered(rgb[..(present * rowBytes)], top);
        }

        return rgb;
    }

    private bool IsCovered(int frame, int top, int count)
        => Coverage is null && (frame > 0 || IsInFirst(top, count));

    private bool IsInFirst(int top, int count)
        => _first.Left == 0 && _first.Width >= _format.Width
            && (count == 0 || (top >= _first.Top && top + count <= (long)_first.Top + _first.Height));

    private void ClearUncovered(Span<byte> rgb, int top)
    {
        int width = _format.Width, left = Math.Min(_first.Left, width), right = (int)Math.Min((long)_first.Left + _first.Width, width);
        for (int row = 0; row * width * 3 < rgb.Length; row++)
        {
            Span<byte> target = rgb.Slice(row * width * 3, width * 3);
            if (top + row < _first.Top || top + row >= (long)_first.Top + _first.Height)
            {
                _converter.FillBackground(target);
            }
            else
            {
                _converter.FillBackground(target[..(left * 3)]);
                _converter.FillBackground(target[(right * 3)..]);
            }
        }
    }
}
