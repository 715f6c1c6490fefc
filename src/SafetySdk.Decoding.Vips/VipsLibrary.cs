using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// The loaded library and the functions that are used of it: non-variadic ones only, since a variadic call has another calling convention
/// on some platforms. Loaded and started once per process and never shut down, as libvips cannot be started twice.
/// </summary>
internal sealed unsafe class VipsLibrary
{
    private static readonly Lock Gate = new();
    private static VipsLibrary? _loaded;
    private static long _droppedMessages;

    private readonly nint _handle;

    public readonly delegate* unmanaged[Cdecl]<byte*, nuint, byte*> ForeignFindLoadBuffer;
    public readonly delegate* unmanaged[Cdecl]<byte*, nint> OperationNew;
    public readonly delegate* unmanaged[Cdecl]<nint, nint> CacheOperationBuild;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ObjectUnrefOutputs;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint> BlobNew;
    public readonly delegate* unmanaged[Cdecl]<nint, void> AreaUnref;
    public readonly delegate* unmanaged[Cdecl]<nint, void> ObjectUnref;
    public readonly delegate* unmanaged[Cdecl]<nint, nint> ObjectRef;
    public readonly delegate* unmanaged[Cdecl]<void*, void> Free;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, GValue*, void> ObjectSetProperty;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, GValue*, void> ObjectGetProperty;
    public readonly delegate* unmanaged[Cdecl]<byte*, nuint> TypeFromName;
    public readonly delegate* unmanaged[Cdecl]<GValue*, nuint, GValue*> ValueInit;
    public readonly delegate* unmanaged[Cdecl]<GValue*, void> ValueUnset;
    public readonly delegate* unmanaged[Cdecl]<GValue*, nint, void> ValueSetBoxed;
    public readonly delegate* unmanaged[Cdecl]<GValue*, int, void> ValueSetEnum;
    public readonly delegate* unmanaged[Cdecl]<GValue*, int, void> ValueSetInt;
    public readonly delegate* unmanaged[Cdecl]<GValue*, int, void> ValueSetBoolean;
    public readonly delegate* unmanaged[Cdecl]<GValue*, byte*, void> ValueSetString;
    public readonly delegate* unmanaged[Cdecl]<GValue*, nint, void> ValueSetObject;
    public readonly delegate* unmanaged[Cdecl]<GValue*, nint> ValueGetObject;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetWidth;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetHeight;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetBands;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetFormat;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetInterpretation;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetOrientation;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ImageGetPageHeight;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint> ImageGetTypeOf;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, void**, nuint*, int> ImageGetBlob;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, int> IccIsCompatibleProfile;
    public readonly delegate* unmanaged[Cdecl]<nint, nint> RegionNew;
    public readonly delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*> RegionFetch;
    public readonly delegate* unmanaged[Cdecl]<void> ErrorClear;
    public readonly delegate* unmanaged[Cdecl]<void> ThreadShutdown;
    private readonly delegate* unmanaged[Cdecl]<int> _trackedGetAllocs;
    private readonly delegate* unmanaged[Cdecl]<nuint> _trackedGetMem;
    private readonly delegate* unmanaged[Cdecl]<byte*, int, void> _blockSet;
    private byte[]? _versions;
    private bool _avifIsOpen;

    /// <summary>Types that are only known once the library runs.</summary>
    public readonly nuint ImageType, BlobType, AccessType, FailOnType;

    private VipsLibrary(string path)
    {
        Path = path;
        try
        {
            _handle = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new ImageException(
                ImageError.DecoderMissing, $"{path} cannot be loaded on {SafetyHome.Platform}; run: {VipsLibraryFile.RestoreCommand}", e);
        }

        var version = (delegate* unmanaged[Cdecl]<int, int>)Export("vips_version");
        Version = new Version(version(0), version(1), version(2));
        VipsVersionFloor.CheckLibrary(Version);

        ForeignFindLoadBuffer = (delegate* unmanaged[Cdecl]<byte*, nuint, byte*>)Export("vips_foreign_find_load_buffer");
        OperationNew = (delegate* unmanaged[Cdecl]<byte*, nint>)Export("vips_operation_new");
        CacheOperationBuild = (delegate* unmanaged[Cdecl]<nint, nint>)Export("vips_cache_operation_build");
        ObjectUnrefOutputs = (delegate* unmanaged[Cdecl]<nint, void>)Export("vips_object_unref_outputs");
        BlobNew = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint>)Export("vips_blob_new");
        AreaUnref = (delegate* unmanaged[Cdecl]<nint, void>)Export("vips_area_unref");
        ObjectUnref = (delegate* unmanaged[Cdecl]<nint, void>)Export("g_object_unref");
        ObjectRef = (delegate* unmanaged[Cdecl]<nint, nint>)Export("g_object_ref");
        Free = (delegate* unmanaged[Cdecl]<void*, void>)Export("g_free");
        ObjectSetProperty = (delegate* unmanaged[Cdecl]<nint, byte*, GValue*, void>)Export("g_object_set_property");
        ObjectGetProperty = (delegate* unmanaged[Cdecl]<nint, byte*, GValue*, void>)Export("g_object_get_property");
        TypeFromName = (delegate* unmanaged[Cdecl]<byte*, nuint>)Export("g_type_from_name");
        ValueInit = (delegate* unmanaged[Cdecl]<GValue*, nuint, GValue*>)Export("g_value_init");
        ValueUnset = (delegate* unmanaged[Cdecl]<GValue*, void>)Export("g_value_unset");
        ValueSetBoxed = (delegate* unmanaged[Cdecl]<GValue*, nint, void>)Export("g_value_set_boxed");
        ValueSetEnum = (delegate* unmanaged[Cdecl]<GValue*, int, void>)Export("g_value_set_enum");
        ValueSetInt = (delegate* unmanaged[Cdecl]<GValue*, int, void>)Export("g_value_set_int");
        ValueSetBoolean = (delegate* unmanaged[Cdecl]<GValue*, int, void>)Export("g_value_set_boolean");
        ValueSetString = (delegate* unmanaged[Cdecl]<GValue*, byte*, void>)Export("g_value_set_string");
        ValueSetObject = (delegate* unmanaged[Cdecl]<GValue*, nint, void>)Export("g_value_set_object");
        ValueGetObject = (delegate* unmanaged[Cdecl]<GValue*, nint>)Export("g_value_get_object");
        ImageGetWidth = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_width");
        ImageGetHeight = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_height");
        ImageGetBands = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_bands");
        ImageGetFormat = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_format");
        ImageGetInterpretation = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_interpretation");
        ImageGetOrientation = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_orientation");
        ImageGetPageHeight = (delegate* unmanaged[Cdecl]<nint, int>)Export("vips_image_get_page_height");
        ImageGetTypeOf = (delegate* unmanaged[Cdecl]<nint, byte*, nuint>)Export("vips_image_get_typeof");
        ImageGetBlob = (delegate* unmanaged[Cdecl]<nint, byte*, void**, nuint*, int>)Export("vips_image_get_blob");
        IccIsCompatibleProfile = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, int>)Export("vips_icc_is_compatible_profile");
        RegionNew = (delegate* unmanaged[Cdecl]<nint, nint>)Export("vips_region_new");
        RegionFetch = (delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*>)Export("vips_region_fetch");
        ErrorClear = (delegate* unmanaged[Cdecl]<void>)Export("vips_error_clear");
        ThreadShutdown = (delegate* unmanaged[Cdecl]<void>)Export("vips_thread_shutdown");
        _trackedGetAllocs = (delegate* unmanaged[Cdecl]<int>)Export("vips_tracked_get_allocs");
        _blockSet = (delegate* unmanaged[Cdecl]<byte*, int, void>)Export("vips_operation_block_set");
        _trackedGetMem = (delegate* unmanaged[Cdecl]<nuint>)Export("vips_tracked_get_mem");

        Start();
        ImageType = TypeOf("VipsImage"u8);
        BlobType = TypeOf("VipsBlob"u8);
        AccessType = TypeOf("VipsAccess"u8);
        FailOnType = TypeOf("VipsFailOn"u8);
    }

    /// <summary>Absolute path of the file.</summary>
    public string Path { get; }

    /// <summary>Version that the library itself states.</summary>
    public Version Version { get; }

    /// <summary>Messages that the library wanted to print.</summary>
    public static long DroppedMessages => Interlocked.Read(ref _droppedMessages);

    /// <summary>Blocks that libvips holds at the moment.</summary>
    public int TrackedAllocations => _trackedGetAllocs();

    /// <summary>Bytes that libvips holds at the moment.</summary>
    public long TrackedMemory => (long)_trackedGetMem();

    /// <summary>
    /// Loads and starts the library, or gives the copy that runs already: libvips can be started once in a process, so the first copy
    /// serves it, also where another path is asked for. That path is judged all the same.
    /// </summary>
    /// <exception cref="ImageException">It is missing, cannot be loaded, or is too old.</exception>
    public static VipsLibrary Load(string fileOrDirectory, bool acceptUnknownCodecVersions)
    {
        string path = VipsLibraryFile.Find(fileOrDirectory);
        VipsVersionFloor.CheckCodecs(ReadVersions(path), acceptUnknownCodecVersions);
        lock (Gate)
        {
            return _loaded ??= new VipsLibrary(path);
        }
    }

    /// <summary>
    /// Opens the loader of AVIF, once and for the process: pictures reach it only where our sniffing finds AVIF and the options allow it.
    /// </summary>
    /// <param name="acceptUnknownCodecVersions">Whether a libheif of unknown version is accepted.</param>
    /// <exception cref="ImageException"><see cref="ImageError.DecoderTooOld"/>.</exception>
    public void OpenAvif(bool acceptUnknownCodecVersions)
    {
        lock (Gate)
        {
            VipsVersionFloor.CheckCodecs(_versions ??= ReadVersions(Path), acceptUnknownCodecVersions, avif: true);
            if (!_avifIsOpen)
            {
                Block("VipsForeignLoadHeif"u8, 0);
                _avifIsOpen = true;
            }
        }
    }

    private static byte[]? ReadVersions(string path)
    {
        string versions = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, VipsVersionFloor.VersionsFile);
        return File.Exists(versions) ? File.ReadAllBytes(versions) : null;
    }

    private void Block(ReadOnlySpan<byte> loader, int state)
    {
        fixed (byte* text = loader)
        {
            _blockSet(text, state);
        }
    }

    private void Start()
    {
        var setLogHandler = (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<byte*, int, byte*, void*, void>, void*, nint>)
            Export("g_log_set_default_handler");
        var unsetenv = (delegate* unmanaged[Cdecl]<byte*, void>)Export("g_unsetenv");
        var init = (delegate* unmanaged[Cdecl]<byte*, int>)Export("vips_init");
        var concurrencySet = (delegate* unmanaged[Cdecl]<int, void>)Export("vips_concurrency_set");
        var cacheSetMax = (delegate* unmanaged[Cdecl]<int, void>)Export("vips_cache_set_max");
        var blockUntrusted = (delegate* unmanaged[Cdecl]<int, void>)Export("vips_block_untrusted_set");

        setLogHandler(&CountAndDrop, null);

        // libvips guesses from its program's name where to look for plug-in modules: our own folder, never the search path.
        byte[] ownPath = [.. Encoding.UTF8.GetBytes(Path), 0];
        fixed (byte* unlimited = "VIPS_UNLIMITED"u8, program = ownPath)
        {
            // Later versions read it and then switch their own denial-of-service checks off.
            unsetenv(unlimited);
            if (init(program) != 0)
            {
                throw new ImageException(ImageError.DecoderMissing, $"libvips {Version} from {Path} refused to start.");
            }
        }

        concurrencySet(1);
        cacheSetMax(0);

        // "Untrusted" leaves TIFF, HEIF and UltraHDR open: close every loader, then open ours.
        blockUntrusted(1);
        Block("VipsForeignLoad"u8, 1);
        Block("VipsForeignLoadJpeg"u8, 0);
        Block("VipsForeignLoadPng"u8, 0);
        Block("VipsForeignLoadWebp"u8, 0);
        Block("VipsForeignLoadNsgif"u8, 0);
    }

    internal nint Export(string name)
        => NativeLibrary.TryGetExport(_handle, name, out nint address)
            ? address
            : throw new ImageException(
                ImageError.DecoderTooOld,
                $"{Path} lacks the function {name}; libvips {VipsVersionFloor.Library} is required, run: {VipsLibraryFile.RestoreCommand}");

    private nuint TypeOf(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            nuint type = TypeFromName(text);
            return type != 0 ? type : throw new ImageException(ImageError.DecoderTooOld, $"libvips {Version} lacks a type that is needed.");
        }
    }

    // Messages can quote the file: counted, never kept.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CountAndDrop(byte* domain, int level, byte* message, void* data) => Interlocked.Increment(ref _droppedMessages);
}

/// <summary>GObject's tagged value on 64-bit platforms; zeroed before it is initialised.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GValue
{
    public nuint Type;
    public long Data0;
    public long Data1;
}
