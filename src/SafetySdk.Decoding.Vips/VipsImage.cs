using System.Runtime.InteropServices;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// An opened picture: header read, pixels fetched strip by strip from the top.
/// The encoded bytes must stay pinned until <see cref="Dispose"/>.
/// </summary>
internal sealed unsafe class VipsImage : IDisposable
{
    private const int SequentialAccess = 1, FailOnError = 2;

    private readonly VipsLibrary _vips;
    private nint _image;
    private nint _region;

    private VipsImage(VipsLibrary vips, nint image)
    {
        _vips = vips;
        _image = image;
        Width = vips.ImageGetWidth(image);
        Height = vips.ImageGetHeight(image);
        Bands = vips.ImageGetBands(image);
        BandFormat = vips.ImageGetFormat(image);
        Interpretation = vips.ImageGetInterpretation(image);
    }

    public int Width { get; }

    public int Height { get; }

    public int Bands { get; }

    /// <summary>VipsBandFormat: 0 is 8 bit, 2 is 16 bit unsigned.</summary>
    public int BandFormat { get; }

    /// <summary>VipsInterpretation: 15 is CMYK.</summary>
    public int Interpretation { get; }

    /// <summary>EXIF orientation as libvips reads it; for tests of our own reader.</summary>
    public int Orientation => _vips.ImageGetOrientation(_image);

    /// <summary>Opens a picture whose format is known; <paramref name="format"/> and the library's own sniffing must agree.</summary>
    public static VipsImage Open(VipsLibrary vips, byte* encoded, int length, ImageFormat format)
    {
        ReadOnlySpan<byte> expected = format switch
        {
            ImageFormat.Jpeg => "VipsForeignLoadJpegBuffer"u8,
            ImageFormat.Png => "VipsForeignLoadPngBuffer"u8,
            ImageFormat.WebP => "VipsForeignLoadWebpBuffer"u8,
            _ => "VipsForeignLoadNsgifBuffer"u8,
        };
        byte* loader = vips.ForeignFindLoadBuffer(encoded, (nuint)length);
        if (loader is null || !MemoryMarshal.CreateReadOnlySpanFromNullTerminated(loader).SequenceEqual(expected))
        {
            throw new ImageException(ImageError.Unsupported, $"libvips does not take the data for a {format} picture.");
        }

        nint operation = vips.OperationNew(loader);
        if (operation == 0)
        {
            throw new ImageException(ImageError.Unsupported, $"libvips has no loader for {format}.");
        }

        nint blob = vips.BlobNew(0, encoded, (nuint)length);
        GValue value = default;
        vips.ValueInit(&value, vips.BlobType);
        vips.ValueSetBoxed(&value, blob);
        SetProperty(vips, operation, "buffer"u8, &value);
        vips.AreaUnref(blob);
        SetEnum(vips, operation, "access"u8, vips.AccessType, SequentialAccess);
        SetEnum(vips, operation, "fail-on"u8, vips.FailOnType, FailOnError);

        nint built = vips.CacheOperationBuild(operation);
        if (built == 0)
        {
            vips.ObjectUnrefOutputs(operation);
            vips.ObjectUnref(operation);
            throw new ImageException(ImageError.Corrupt, $"The header of the {format} picture cannot be read.");
        }

        vips.ObjectUnref(operation);
        value = default;
        vips.ValueInit(&value, vips.ImageType);
        fixed (byte* name = "out"u8)
        {
            vips.ObjectGetProperty(built, name, &value);
        }

        nint image = vips.ObjectRef(vips.ValueGetObject(&value));
        vips.ValueUnset(&value);
        vips.ObjectUnrefOutputs(built);
        vips.ObjectUnref(built);
        return new VipsImage(vips, image);
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

    private static void SetEnum(VipsLibrary vips, nint target, ReadOnlySpan<byte> name, nuint type, int number)
    {
        GValue value = default;
        vips.ValueInit(&value, type);
        vips.ValueSetEnum(&value, number);
        SetProperty(vips, target, name, &value);
    }

    private static void SetProperty(VipsLibrary vips, nint target, ReadOnlySpan<byte> name, GValue* value)
    {
        fixed (byte* text = name)
        {
            vips.ObjectSetProperty(target, text, value);
        }

        vips.ValueUnset(value);
    }
}
