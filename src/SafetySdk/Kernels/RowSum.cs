using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>Adds chosen rows of a table of sixteen signed bytes a row: the one operation of a hashed linear model.</summary>
/// <remarks>
/// 256 rows at most are added in 16 bits, where no sum can overflow, and then widened to 32. Whole numbers: every width gives the same.
/// </remarks>
internal static unsafe class RowSum
{
    /// <summary>Values of a row.</summary>
    public const int Width = 16;

    private const int Batch = 256;

    /// <summary>Adds the rows to the sums.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rows">Numbers of the rows; each must be in the table.</param>
    /// <param name="count">How many, at most 16 million, so that no sum overflows.</param>
    /// <param name="sums">Sixteen sums that are added to.</param>
    public static void Add(sbyte* table, int* rows, int count, int* sums)
    {
        if (SimdWidth.Has512)
        {
            Add512(table, rows, count, sums);
        }
        else if (SimdWidth.Has256)
        {
            Add256(table, rows, count, sums);
        }
        else if (SimdWidth.Has128)
        {
            Add128(table, rows, count, sums);
        }
        else
        {
            AddScalar(table, rows, count, sums);
        }
    }

    /// <summary>The definition.</summary>
    public static void AddScalar(sbyte* table, int* rows, int count, int* sums)
    {
        for (int i = 0; i < count; i++)
        {
            sbyte* row = table + ((nint)rows[i] * Width);
            for (int k = 0; k < Width; k++)
            {
                sums[k] += row[k];
            }
        }
    }

    public static void Add128(sbyte* table, int* rows, int count, int* sums)
    {
        for (int done = 0; done < count; done += Batch)
        {
            int end = Math.Min(count, done + Batch);
            Vector128<short> low = default;
            Vector128<short> high = default;
            for (int i = done; i < end; i++)
            {
                Vector128<sbyte> row = Vector128.Load(table + ((nint)rows[i] * Width));
                low += Vector128.WidenLower(row);
                high += Vector128.WidenUpper(row);
            }

            (Vector128.Load(sums) + Vector128.WidenLower(low)).Store(sums);
            (Vector128.Load(sums + 4) + Vector128.WidenUpper(low)).Store(sums + 4);
            (Vector128.Load(sums + 8) + Vector128.WidenLower(high)).Store(sums + 8);
            (Vector128.Load(sums + 12) + Vector128.WidenUpper(high)).Store(sums + 12);
        }
    }

    public static void Add256(sbyte* table, int* rows, int count, int* sums)
    {
        for (int done = 0; done < count; done += Batch)
        {
            int end = Math.Min(count, done + Batch);
            Vector256<short> sum = default;
            for (int i = done; i < end; i++)
            {
                sum += Avx2.ConvertToVector256Int16(table + ((nint)rows[i] * Width));
            }

            Widen(sum, sums);
        }
    }

    public static void Add512(sbyte* table, int* rows, int count, int* sums)
    {
        for (int done = 0; done < count; done += Batch)
        {
            int end = Math.Min(count, done + Batch);
            Vector512<short> pairs = default;
            int i = done;
            for (; i + 1 < end; i += 2)
            {
                pairs += Avx512BW.ConvertToVector512Int16(Vector256.Create(
                    Vector128.Load(table + ((nint)rows[i] * Width)), Vector128.Load(table + ((nint)rows[i + 1] * Width))));
            }

            Vector256<short> sum = pairs.GetLower() + pairs.GetUpper();
            if (i < end)
            {
                sum += Avx2.ConvertToVector256Int16(table + ((nint)rows[i] * Width));
            }

            Widen(sum, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<short> sum, int* sums)
    {
        (Vector256.Load(sums) + Vector256.WidenLower(sum)).Store(sums);
        (Vector256.Load(sums + 8) + Vector256.WidenUpper(sum)).Store(sums + 8);
    }
}
