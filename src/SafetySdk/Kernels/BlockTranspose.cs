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
