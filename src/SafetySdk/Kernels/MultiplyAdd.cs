using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>
/// <c>sum[i] + a[2i]·b[2i] + a[2i+1]·b[2i+1]</c>, 16-bit factors and 32-bit sums: one instruction where the processor has it. Factors here
/// are a sample of 0..255 and a weight, so a pair cannot overflow.
/// </summary>
internal static class MultiplyAdd
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Pairs(Vector512<int> sum, Vector512<short> a, Vector512<short> b) => sum + Avx512BW.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Pairs(Vector256<int> sum, Vector256<short> a, Vector256<short> b)
        => AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sum, a, b) : sum + Avx2.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Pairs(Vector128<int> sum, Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
        {
            return sum + Sse2.MultiplyAddAdjacent(a, b);
        }

        // Sign-extended even and odd halves, multiplied in 32 bits.
        Vector128<int> even = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
        Vector128<int> odd = (a.AsInt32() >> 16) * (b.AsInt32() >> 16);
        return sum + even + odd;
    }
}
