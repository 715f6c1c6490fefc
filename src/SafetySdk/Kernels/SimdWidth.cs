using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>Width of the vectors that kernels use, in bits. Constants after compilation, so a choice by them costs nothing.</summary>
/// <remarks>
/// A NativeAOT build for any x64 processor uses 128 bits; set <c>IlcInstructionSet</c> to <c>x86-64-v3</c> for 256 or <c>x86-64-v4</c> for
/// 512, which such a processor is then needed for.
/// </remarks>
public static class SimdWidth
{
    /// <summary>The widest that this process may use: 512, 256, 128, or 0 without vectors.</summary>
    public static int Active => Has512 ? 512 : Has256 ? 256 : Has128 ? 128 : 0;

    /// <summary>512-bit vectors with the byte and 16-bit operations.</summary>
    internal static bool Has512 => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    /// <summary>512-bit vectors with the shuffle of single bytes across the whole vector (VBMI).</summary>
    internal static bool HasByteShuffle512 => Has512 && Avx512Vbmi.IsSupported;

    /// <summary>256-bit vectors with integer operations.</summary>
    internal static bool Has256 => Vector256.IsHardwareAccelerated && Avx2.IsSupported;

    /// <summary>Any 128-bit vectors: SSE or NEON.</summary>
    internal static bool Has128 => Vector128.IsHardwareAccelerated;
}
