using System.Runtime.InteropServices;
using SafetySdk.Decoding.Vips;

namespace SafetySdk.PeerBenchmarks;

/// <summary>
/// libvips as a resizer and as a bare JPEG decoder: the copy and the settings (one thread, no cache) that the decoder of the library
/// started. Non-variadic functions only.
/// </summary>
internal sealed unsafe class VipsPeer
{
    private const int UnsignedByte = 0, SequentialAccess = 1, FailOnError = 2, StripRows = 16;
    private const nuint DoubleType = 15 << 2;

    private static readonly Dictionary<string, int> Kernels = new() { ["bilinear"] = 1, ["bicubic"] = 2, ["lanczos3"] = 5 };

    private readonly delegate* unmanaged[Cdecl]<byte*, nint> _operationNew;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _operationBuild;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _unrefOutputs;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _unref;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _ref;
    private readonly delegate* unmanaged[Cdecl]<void*, void> _free;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, Value*, void> _setProperty;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, Value*, void> _getProperty;
    private readonly delegate* unmanaged[Cdecl]<Value*, nuint, Value*> _valueInit;
    private readonly delegate* unmanaged[Cdecl]<Value*, void> _valueUnset;
    private readonly delegate* unmanaged[Cdecl]<Value*, nint, void> _setObject;
    private readonly delegate* unmanaged[Cdecl]<Value*, nint, void> _setBoxed;
    private readonly delegate* unmanaged[Cdecl]<Value*, int, void> _setEnum;
    private readonly delegate* unmanaged[Cdecl]<Value*, double, void> _setDouble;
    private readonly delegate* unmanaged[Cdecl]<Value*, nint> _getObject;
    private readonly delegate* unmanaged[Cdecl]<byte*, nuint, int, int, int, int, nint> _newFromMemory;
    private readonly delegate* unmanaged[Cdecl]<nint, nuint*, byte*> _writeToMemory;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint> _blobNew;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _areaUnref;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _width;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _height;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _regionNew;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*> _regionFetch;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _regionPrepare;
    private readonly nuint _imageType, _blobType, _accessType, _failOnType, _kernelType;

    public VipsPeer()
    {
        // Starts the library, and refuses copies that the decoder would refuse.
        Version = new VipsImageDecoder().Version;
        nint handle = NativeLibrary.Load(Directory.EnumerateFiles(SafetyHome.Find().RuntimeDirectory, "libvips-cpp.*").Max()!);
        nint Export(string name) => NativeLibrary.GetExport(handle, name);
        _operationNew = (delegate* unmanaged[Cdecl]<byte*, nint>)Export("vips_operation_new");
        _operationBuild = (delegate* unmanaged[Cdecl]<nint, nint>)Export("vips_cache_operation_build");
        _unrefOutputs = (delegate* unmanaged[Cdecl]<nint, void>)Export("vips_object_unref_outputs");
        _unref = (delegate* unmanaged[Cdecl]<nint, void>)Export("g_object_unref");
        _ref = (delegate* unmanaged[Cdecl]<nint, nint>)Export("g_object_ref");
        _free = (delegate* unmanaged[Cdecl]<void*, void>)Export("g_free");
        _setProperty = (delegate* unmanaged[Cdecl]<nint, byte*, Value*, void>)Export("g_object_set_property");
        _getProperty = (delegate* unmanaged[Cdecl]<nint, byte*, Value*, void>)Export("g_object_get_property");
        _valueInit = (delegate* unmanaged[Cdecl]<Value*, nuint, Value*>)Export("g_value_init");
        _valueUnset = (delegate* unmanaged[Cdecl]<Value*, void>)Export("g_value_unset");
        _setObject = (delegate* unmanaged[Cdecl]<Value*, nint, void>)Export("g_value_set_object");
        _setBoxed = (delegate* unmanaged[Cdecl]<Value*, nint, void>)Export("g_value_set_boxed");
        _setEnum = (delegate* unmanaged[Cdecl]<Value*, int, void>)Export("g_value_set_enum");
        _setDouble = (delegate* unmanaged[Cdecl]<Value*, double, void>)Export("g_value_set_double");
        _getObject = (delegate* unmanaged[Cdecl]<Value*, nint>)Export("g_value_get_object");
        _newFromMemory = (delegate* unmanaged[Cdecl]<byte*, nuint, int, int, int, int, nint>)Export("vips_image_new_from_memory");
        _writeToMemory = (delegate* unmanaged[Cdecl]<nint, nuint*, byte*>)Export("vips_image_write_to_memory");
        _blobNew = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint>)Export("vips_blob_new");
        _areaUnref = (delegate* unmanaged[Cdecl]<nint, void>)Export("vips_area_unref");
        _width = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_width");
        _height = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_height");
        _regionNew = (delegate* unmanaged[Cdecl]<nint, nint>)Export("vips_region_new");
        _regionFetch = (delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*>)Export("vips_region_fetch");
        _regionPrepare = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("vips_region_prepare");
        var typeFromName = (delegate* unmanaged[Cdecl]<byte*, nuint>)Export("g_type_from_name");
        var kernelType = (delegate* unmanaged[Cdecl]<nuint>)Export("vips_kernel_get_type");
        _kernelType = kernelType();
        _imageType = TypeOf("VipsImage"u8);
        _blobType = TypeOf("VipsBlob"u8);
        _accessType = TypeOf("VipsAccess"u8);
        _failOnType = TypeOf("VipsFailOn"u8);

        nuint TypeOf(ReadOnlySpan<byte> name)
        {
            fixed (byte* text = name)
            {
                return typeFromName(text);
            }
        }
    }

    /// <summary>Version of the library.</summary>
    public string Version { get; }

    /// <summary>The operation <c>reduce</c> with gap 0: no cheaper box before it, every source pixel counts as in Pillow.</summary>
    /// <param name="rgb">Source, pinned by this call.</param>
    /// <param name="width">Its width, pixels.</param>
    /// <param name="height">Its height, pixels.</param>
    /// <param name="side">Width and height wanted.</param>
    /// <param name="filter">Name of the filter.</param>
    /// <param name="destination">Receives the bytes; empty to let go of them.</param>
    public void Reduce(ReadOnlySpan<byte> rgb, int width, int height, int side, string filter, Span<byte> destination)
    {
        fixed (byte* pixels = rgb)
        {
            nint source = _newFromMemory(pixels, (nuint)rgb.Length, width, height, 3, UnsignedByte);
            nint operation = New("reduce"u8);
            SetObject(operation, "in"u8, source);
            SetDouble(operation, "hshrink"u8, (double)width / side);
            SetDouble(operation, "vshrink"u8, (double)height / side);
            SetDouble(operation, "gap"u8, 0);
            SetEnum(operation, "kernel"u8, _kernelType, Kernels[filter]);
            nint image = Build(operation);
            nuint length = 0;
            byte* result = _writeToMemory(image, &length);
            if (result is null || length != (nuint)(3 * side * side))
            {
                throw new WrongAnswerException($"libvips gave {length} bytes, {_width(image)}x{_height(image)}");
            }

            if (!destination.IsEmpty)
            {
                new ReadOnlySpan<byte>(result, (int)length).CopyTo(destination);
            }

            _free(result);
            _unref(image);
            _unref(source);
        }
    }

    /// <summary>Decodes a JPEG in strips of 16 rows, each let go at once: the decoder's raw speed without a bitmap.</summary>
    /// <param name="encoded">The file.</param>
    /// <param name="prepareOnly">Leaves the rows where libvips has them instead of fetching a copy.</param>
    /// <param name="destination">Receives the pixels; empty to let go of them.</param>
    public void Decode(ReadOnlySpan<byte> encoded, bool prepareOnly, Span<byte> destination)
    {
        fixed (byte* pinned = encoded)
        {
            nint operation = New("jpegload_buffer"u8);
            SetBlob(operation, "buffer"u8, pinned, encoded.Length);
            SetEnum(operation, "access"u8, _accessType, SequentialAccess);
            SetEnum(operation, "fail-on"u8, _failOnType, FailOnError);
            nint image = Build(operation);
            (int width, int height) = (_width(image), _height(image));
            nint region = _regionNew(image);
            int* rectangle = stackalloc int[4];
            for (int top = 0; top < height; top += StripRows)
            {
                int rows = Math.Min(StripRows, height - top);
                nuint length = 0;
                if (prepareOnly)
                {
                    (rectangle[0], rectangle[1], rectangle[2], rectangle[3]) = (0, top, width, rows);
                    if (_regionPrepare(region, rectangle) != 0)
                    {
                        throw new WrongAnswerException("libvips failed to decode");
                    }

                    continue;
                }

                byte* samples = _regionFetch(region, 0, top, width, rows, &length);
                if (samples is null || length != (nuint)(3 * width * rows))
                {
                    throw new WrongAnswerException("libvips failed to decode");
                }

                if (!destination.IsEmpty)
                {
                    new ReadOnlySpan<byte>(samples, (int)length).CopyTo(destination[(3 * width * top)..]);
                }

                _free(samples);
            }

            _unref(region);
            _unref(image);
        }
    }

    private nint New(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            nint operation = _operationNew(text);
            return operation != 0 ? operation : throw new MissingPeerException("libvips lacks an operation");
        }
    }

    private nint Build(nint operation)
    {
        nint built = _operationBuild(operation);
        if (built == 0)
        {
            throw new WrongAnswerException("libvips refused an operation");
        }

        _unref(operation);
        Value value = default;
        _valueInit(&value, _imageType);
        fixed (byte* text = "out"u8)
        {
            _getProperty(built, text, &value);
        }

        nint image = _ref(_getObject(&value));
        _valueUnset(&value);
        _unrefOutputs(built);
        _unref(built);
        return image;
    }

    private void SetObject(nint operation, ReadOnlySpan<byte> name, nint image)
    {
        Value value = default;
        _valueInit(&value, _imageType);
        _setObject(&value, image);
        Set(operation, name, &value);
    }

    private void SetBlob(nint operation, ReadOnlySpan<byte> name, byte* bytes, int length)
    {
        nint blob = _blobNew(0, bytes, (nuint)length);
        Value value = default;
        _valueInit(&value, _blobType);
        _setBoxed(&value, blob);
        Set(operation, name, &value);
        _areaUnref(blob);
    }

    private void SetDouble(nint operation, ReadOnlySpan<byte> name, double number)
    {
        Value value = default;
        _valueInit(&value, DoubleType);
        _setDouble(&value, number);
        Set(operation, name, &value);
    }

    private void SetEnum(nint operation, ReadOnlySpan<byte> name, nuint type, int number)
    {
        Value value = default;
        _valueInit(&value, type);
        _setEnum(&value, number);
        Set(operation, name, &value);
    }

    private void Set(nint operation, ReadOnlySpan<byte> name, Value* value)
    {
        fixed (byte* text = name)
        {
            _setProperty(operation, text, value);
        }

        _valueUnset(value);
    }

    /// <summary>GObject's tagged value on 64-bit platforms.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Value
    {
        public nuint Type;
        public long Data0;
        public long Data1;
    }
}
