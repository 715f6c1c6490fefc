using System.Buffers.Binary;
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

    /// <summary>Converts to 8-bit sRGB, relative colorimetric, by the embedded profile or, for CMYK without one, by the library's own.</summary>
    /// <param name="largestProfile">Bytes beyond which a profile is not read.</param>
    /// <returns>What became of the profile; the picture is unchanged where it was not used.</returns>
    public ColourProfileUse ToSrgb(long largestProfile)
    {
        ColourProfileUse use = JudgeProfile(largestProfile);
        if (use != ColourProfileUse.Applied && !(use == ColourProfileUse.None && IsCmyk))
        {
            return use;
        }

        fixed (byte* name = "icc_transform"u8)
        {
            var operation = new VipsOperation(_vips, name);
            operation.SetImage("in"u8, _image);
            operation.SetString("output-profile"u8, "srgb"u8);
            if (use == ColourProfileUse.Applied)
            {
                operation.SetBoolean("embedded"u8, true);
            }
            else
            {
                operation.SetString("input-profile"u8, "cmyk"u8);
            }

            nint converted = operation.Run();
            if (converted == 0)
            {
                _vips.ErrorClear();
                return use == ColourProfileUse.Applied ? ColourProfileUse.Broken : ColourProfileUse.None;
            }

            Take(converted);
            return use == ColourProfileUse.Applied ? use : ColourProfileUse.BuiltIn;
        }
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

    // libvips silently falls back on sRGB where it finds a profile broken; so the judgement is ours. ICC.1:2022, 7.2: size at 0, colour
    // space of the samples at 16, signature at 36.
    private ColourProfileUse JudgeProfile(long largestProfile)
    {
        const int HeaderAndTagCount = 132;
        fixed (byte* field = "icc-profile-data"u8)
        {
            void* data = null;
            nuint size = 0;
            if (_vips.ImageGetTypeOf(_image, field) == 0 || _vips.ImageGetBlob(_image, field, &data, &size) != 0)
            {
                return ColourProfileUse.None;
            }

            if (size > (nuint)largestProfile)
            {
                return ColourProfileUse.TooLarge;
            }

            var profile = new ReadOnlySpan<byte>(data, (int)size);
            ReadOnlySpan<byte> space = IsCmyk ? "CMYK"u8 : Bands < 3 ? "GRAY"u8 : "RGB "u8;
            return profile.Length >= HeaderAndTagCount
                && BinaryPrimitives.ReadUInt32BigEndian(profile) is >= HeaderAndTagCount and var declared && declared <= profile.Length
                && profile.Slice(36, 4).SequenceEqual("acsp"u8)
                && profile.Slice(16, 4).SequenceEqual(space)
                && TagsLieWithin(profile[..(int)declared])
                && _vips.IccIsCompatibleProfile(_image, (byte*)data, size) != 0
                ? ColourProfileUse.Applied
                : ColourProfileUse.Broken;
        }
    }

    // ICC.1:2022, 7.3: a count, then signature, offset and size of each tag.
    private static bool TagsLieWithin(ReadOnlySpan<byte> profile)
    {
        uint count = BinaryPrimitives.ReadUInt32BigEndian(profile[128..]);
        if (count > (profile.Length - 132) / 12)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> tag = profile.Slice(132 + (12 * i), 12);
            if ((long)BinaryPrimitives.ReadUInt32BigEndian(tag[4..]) + BinaryPrimitives.ReadUInt32BigEndian(tag[8..]) > profile.Length)
            {
                return false;
            }
        }

        return true;
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
