using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Native.Exports;

/// <summary>Version, last error and leak count of safetysdk.h.</summary>
internal static unsafe class VersionExports
{
    [UnmanagedCallersOnly(EntryPoint = "safety_version", CallConvs = [typeof(CallConvCdecl)])]
    public static int Version()
    {
        Version version = typeof(VersionExports).Assembly.GetName().Version ?? new Version(0, 0, 0);
        return (version.Major * 10000) + (version.Minor * 100) + version.Build;
    }

    [UnmanagedCallersOnly(EntryPoint = "safety_simd_width", CallConvs = [typeof(CallConvCdecl)])]
    public static int VectorWidth() => SimdWidth.Active;

    [UnmanagedCallersOnly(EntryPoint = "safety_last_error", CallConvs = [typeof(CallConvCdecl)])]
    public static int LastError(byte* buffer, nuint capacity, nuint* needed)
    {
        try
        {
            return (int)Marshalling.WriteText(Guard.LastError, buffer, capacity, needed);
        }
        catch (NativeCallException e)
        {
            // The message that is asked for must survive the asking.
            return (int)e.Status;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "safety_live_handles", CallConvs = [typeof(CallConvCdecl)])]
    public static int LiveHandles() => HandleTable.Live;
}
