using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>Turns a block of 16 rows into columns of 16 values and back, so that work along a row vectorises across rows.</summary>
internal static class BlockTranspose
{
    /// <summary>Rows of a block.</summary>
    public const int Rows = 16;

    private const int Step = 4;

    /// <summary>16 rows, <paramref name="stride"/> apart, to <paramref name="columns"/> × 16 values.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="stride">Distance of rows in elements, at least <paramref name="columns"/>.</param>
    /// <param name="columns">A multiple of 4.</param>
    /// <param name="block">Receives 16 values a column.</param>
    public static void ToColumns(ReadOnlySpan<float> rows, int stride, int columns, Span<float> block)
    {
        Check(rows.Length, stride, columns, block.Length);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float target = ref MemoryMarshal.GetReference(block);
        if (SimdWidth.Has512)
        {
            ToColumns512(ref source, stride, columns, ref target);
            return;
        }

        for (int row = 0; row < Rows; row += Step)
        {
            for (int column = 0; column < columns; column += Step)
            {
                Four(ref Unsafe.Add(ref source, (row * stride) + column), stride, ref Unsafe.Add(ref target, (column * Rows) + row), Rows);
            }
        }
    }

    /// <summary>The inverse of <see cref="ToColumns"/>.</summary>
    /// <param name="block">16 values a column.</param>
    /// <param name="columns">A multiple of 4.</param>
    /// <param name="rows">Receives 16 rows.</param>
    /// <param name="stride">Distance of rows in elements, at least <paramref name="columns"/>.</param>
    public static void ToRows(ReadOnlySpan<float> block, int columns, Span<float> rows, int stride)
    {
        Check(rows.Length, stride, columns, block.Length);
        ref float source = ref MemoryMarshal.GetReference(block);
        ref float target = ref MemoryMarshal.GetReference(rows);
        if (SimdWidth.Has512)
        {
            ToRows512(ref source, columns, ref target, stride);
            return;
        }

        for (int row = 0; row < Rows; row += Step)
        {
            for (int column = 0; column < columns; column += Step)
            {
                Four(ref Unsafe.Add(ref source, (column * Rows) + row), Rows, ref Unsafe.Add(ref target, (row * stride) + column), stride);
            }
        }
    }

    private static void Check(int rows, int stride, int columns, int block)
    {
        if (columns % Step != 0 || stride < columns || rows < ((Rows - 1) * (long)stride) + columns || block < (long)Rows * columns)
        {
            throw new ArgumentException(
                $"A block of {Rows} x {columns} does not fit buffers of {rows} and {block} values.", nameof(columns));
        }
    }

    // Lane n of a vector holds four columns of row r + 4n; unpacking four such vectors gives one column of 16 rows each.
    private static void ToColumns512(ref float source, int stride, int columns, ref float target)
    {
        for (int column = 0; column < columns; column += Step)
        {
            ref float from = ref Unsafe.Add(ref source, column);
            Vector512<float> a = FourLanes(ref from, stride);
            Vector512<float> b = FourLanes(ref Unsafe.Add(ref from, stride), stride);
            Vector512<float> c = FourLanes(ref Unsafe.Add(ref from, 2 * stride), stride);
            Vector512<float> d = FourLanes(ref Unsafe.Add(ref from, 3 * stride), stride);
            ref float to = ref Unsafe.Add(ref target, column * Rows);
            (a, b, c, d) = Unpack(a, b, c, d);
            a.StoreUnsafe(ref to);
            b.StoreUnsafe(ref to, Rows);
            c.StoreUnsafe(ref to, 2 * Rows);
            d.StoreUnsafe(ref to, 3 * Rows);
        }
    }

    private static void ToRows512(ref float source, int columns, ref float target, int stride)
    {
        for (int column = 0; column < columns; column += Step)
        {
            ref float from = ref Unsafe.Add(ref source, column * Rows);
            (Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d) = Unpack(
                Vector512.LoadUnsafe(ref from),
                Vector512.LoadUnsafe(ref from, Rows),
                Vector512.LoadUnsafe(ref from, 2 * Rows),
                Vector512.LoadUnsafe(ref from, 3 * Rows));
            ref float to = ref Unsafe.Add(ref target, column);
            StoreLanes(a, ref to, stride);
            StoreLanes(b, ref Unsafe.Add(ref to, stride), stride);
            StoreLanes(c, ref Unsafe.Add(ref to, 2 * stride), stride);
            StoreLanes(d, ref Unsafe.Add(ref to, 3 * stride), stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> A, Vector512<float> B, Vector512<float> C, Vector512<float> D) Unpack(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble();
        Vector512<double> abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble();
        Vector512<double> cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        return (
            Avx512F.UnpackLow(abLow, cdLow).AsSingle(), Avx512F.UnpackHigh(abLow, cdLow).AsSingle(),
            Avx512F.UnpackLow(abHigh, cdHigh).AsSingle(), Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle());
    }

    // Four values of each fourth row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FourLanes(ref float source, int stride)
    {
        Vector512<float> lanes = Vector128.LoadUnsafe(ref source).ToVector256Unsafe().ToVector512Unsafe();
        lanes = Avx512F.InsertVector128(lanes, Vector128.LoadUnsafe(ref source, (nuint)(4 * stride)), 1);
        lanes = Avx512F.InsertVector128(lanes, Vector128.LoadUnsafe(ref source, (nuint)(8 * stride)), 2);
        return Avx512F.InsertVector128(lanes, Vector128.LoadUnsafe(ref source, (nuint)(12 * stride)), 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(Vector512<float> lanes, ref float target, int stride)
    {
        lanes.GetLower().GetLower().StoreUnsafe(ref target);
        Avx512F.ExtractVector128(lanes, 1).StoreUnsafe(ref target, (nuint)(4 * stride));
        Avx512F.ExtractVector128(lanes, 2).StoreUnsafe(ref target, (nuint)(8 * stride));
        Avx512F.ExtractVector128(lanes, 3).StoreUnsafe(ref target, (nuint)(12 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(ref float source, int sourceStride, ref float target, int targetStride)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> a = Vector128.LoadUnsafe(ref source);
            Vector128<float> b = Vector128.LoadUnsafe(ref source, (nuint)sourceStride);
            Vector128<float> c = Vector128.LoadUnsafe(ref source, (nuint)(2 * sourceStride));
            Vector128<float> d = Vector128.LoadUnsafe(ref source, (nuint)(3 * sourceStride));
            Vector128<float> abLow = Sse.UnpackLow(a, b);
            Vector128<float> cdLow = Sse.UnpackLow(c, d);
            Vector128<float> abHigh = Sse.UnpackHigh(a, b);
            Vector128<float> cdHigh = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(abLow, cdLow).StoreUnsafe(ref target);
            Sse.MoveHighToLow(cdLow, abLow).StoreUnsafe(ref target, (nuint)targetStride);
            Sse.MoveLowToHigh(abHigh, cdHigh).StoreUnsafe(ref target, (nuint)(2 * targetStride));
            Sse.MoveHighToLow(cdHigh, abHigh).StoreUnsafe(ref target, (nuint)(3 * targetStride));
            return;
        }

        for (int row = 0; row < Step; row++)
        {
            for (int column = 0; column < Step; column++)
            {
                Unsafe.Add(ref target, (column * targetStride) + row) = Unsafe.Add(ref source, (row * sourceStride) + column);
            }
        }
    }
}
