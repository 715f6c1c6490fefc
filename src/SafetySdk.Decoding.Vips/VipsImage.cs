using System.Runtime.InteropServices;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>How a file is opened.</summary>
/// <param name="Format">Format that our own header reader found.</param>
/// <param name="Lenient">Whether damage gives what can be read instead of an error.</param>
/// <param name="Shrink">1, 2, 4 or 8; other than 1 for JPEG only.</param>
/// <param name="AllFrames">Whether the frames of an animation are read, as one tall picture.</param>
internal readonly record struct VipsLoad(ImageFormat Format, bool Lenient = false, int Shrink = 1, bool AllFrames = false);

/// <summary>
/// An opened picture: header read, pixels fetched strip by strip from the top.
/// The encoded bytes must stay pinned until <see cref="Dispose"/>.
/// </summary>
internal sealed unsafe class VipsImage : IDisposable
{
    private const int SequentialAccess = 1, FailOnNothing = 0, FailOnError = 2, CmykInterpretation = 15;

    private readonly VipsLibrary _vips;
    private nint _image;
    private nint _region;

    private VipsImage(VipsLibrary vips, nint image)
    {
        _vips = vips;
        Take(image);
    }

    public int Width { get; private set; }

    public int Height { get; private set; }

    public int Bands { get; private set; }

    /// <summary>VipsBandFormat: 0 is 8 bit, 2 is 16 bit unsigned.</summary>
    public int BandFormat { get; private set; }

    /// <summary>Whether samples are amounts of ink.</summary>
    public bool IsCmyk { get; private set; }

    /// <summary>Height of one frame where <see cref="VipsLoad.AllFrames"/> was asked for, else of the picture.</summary>
    public int FrameHeight => _vips.ImageGetPageHeight(_image);

    /// <summary>EXIF orientation as libvips reads it; for tests of our own reader.</summary>
    public int Orientation => _vips.ImageGetOrientation(_image);

    /// <summary>Opens a picture whose format is known; our sniffing and the library's must agree.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.Unsupported"/> or <see cref="ImageError.Corrupt"/>.</exception>
    public static VipsImage Open(VipsLibrary vips, byte* encoded, int length, VipsLoad load)
    {
        ReadOnlySpan<byte> expected = load.Format switch
        {
            ImageFormat.Jpeg => "VipsForeignLoadJpegBuffer"u8,
            ImageFormat.Png => "VipsForeignLoadPngBuffer"u8,
            ImageFormat.WebP => "VipsForeignLoadWebpBuffer"u8,
            ImageFormat.Gif => "VipsForeignLoadNsgifBuffer"u8,
            _ => "VipsForeignLoadHeifBuffer"u8,
        };
        byte* loader = vips.ForeignFindLoadBuffer(encoded, (nuint)length);
        if (loader is null || !MemoryMarshal.CreateReadOnlySpanFromNullTerminated(loader).SequenceEqual(expected))
        {
            throw new ImageException(ImageError.Unsupported, $"libvips does not take the data for a {load.Format} picture.");
        }

        var operation = new VipsOperation(vips, loader);
        if (!operation.Exists)
        {
            throw new ImageException(ImageError.Unsupported, $"libvips has no loader for {load.Format}.");
        }

        operation.SetBlob("buffer"u8, encoded, length);
        operation.SetEnum("access"u8, vips.AccessType, SequentialAccess);
        operation.SetEnum("fail-on"u8, vips.FailOnType, load.Lenient ? FailOnNothing : FailOnError);
        if (load.Shrink > 1)
        {
            operation.SetInt("shrink"u8, load.Shrink);
        }

        if (load.AllFrames)
        {
            operation.SetInt("n"u8, -1);
        }

        nint image = operation.Run();
        return image != 0
            ? new VipsImage(vips, image)
            : throw new ImageException(ImageError.Corrupt, $"The header of the {load.Format} picture cannot be read.");
    }

    /// <summary>Fetches rows of the full width; the result is given back by <see cref="Free"/>. Rows must be asked for in order.</summary>
    /// <returns>The samples; null where the data is damaged.</returns>
    public byte* FetchRows(int top, int rows, out long length)
    {
        if (_region == 0)
        {
            _region = _vips.RegionNew(_image);
        }

        nuint size = 0;
        byte* samples = _region == 0 ? null : _vips.RegionFetch(_region, 0, top, Width, rows, &size);
        length = (long)size;
        return samples;
    }

    public void Free(byte* samples) => _vips.Free(samples);

    public void Dispose()
    {
        if (_region != 0)
        {
            _vips.ObjectUnref(_region);
            _region = 0;
        }

        if (_image != 0)
        {
            _vips.ObjectUnref(_image);
            _image = 0;
        }
    }

    private void Take(nint image)
    {
        if (_image != 0)
        {
            _vips.ObjectUnref(_image);
        }

        _image = image;
        Width = _vips.ImageGetWidth(image);
        Height = _vips.ImageGetHeight(image);
        Bands = _vips.ImageGetBands(image);
        BandFormat = _vips.ImageGetFormat(image);
        IsCmyk = _vips.ImageGetInterpretation(image) == CmykInterpretation;
    }
}
