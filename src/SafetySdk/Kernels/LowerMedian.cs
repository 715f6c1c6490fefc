using System.Runtime.Intrinsics;

namespace SafetySdk.Kernels;

/// <summary>Exact lower median of float32 values without sorting or moving them.</summary>
internal static class LowerMedian
{
    /// <summary>The <c>values.Length / 2</c>-th smallest value (the 128th of 256).</summary>
    /// <param name="values">A multiple of 8 numbers, none of them NaN.</param>
    public static float Find(ReadOnlySpan<float> values)
    {
        // Halve the range of keys (integers in the order of the floats) until one is left.
        int wanted = values.Length / 2;
        long low = int.MinValue;
        long high = int.MaxValue;
        while (low < high)
        {
            long middle = (low + high) >> 1;
            if (CountUpTo(values, (int)middle) >= wanted)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return BitConverter.Int32BitsToSingle(Key((int)low));
    }

    // Turns the bits of a float into an integer of the same order; it is its own inverse.
    private static int Key(int bits) => bits ^ ((bits >> 31) & int.MaxValue);

    private static int CountUpTo(ReadOnlySpan<float> values, int key)
    {
        var limit = Vector256.Create(key);
        Vector256<int> count = Vector256<int>.Zero;
        for (int i = 0; i <= values.Length - 8; i += 8)
        {
            Vector256<int> bits = Vector256.Create(values.Slice(i, 8)).AsInt32();
            Vector256<int> keys = bits ^ ((bits >> 31) & Vector256.Create(int.MaxValue));
            count -= Vector256.LessThanOrEqual(keys, limit);
        }

        return Vector256.Sum(count);
    }
}
