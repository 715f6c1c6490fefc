using System.Buffers;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Images;

/// <summary>
/// The antialiased resamplings of RGB, row by row: Pillow's and torchvision's with their bytes, which is rows first and then columns, and
/// the fast form. A pass that changes no size is left out. Thread-safe; holds a few rows of pooled memory, cleared.
/// </summary>
internal static class AntialiasResampler
{
    /// <summary>Resamples.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="source">The rectangle of it, inside the picture, not empty.</param>
    /// <param name="geometry">Size after resampling, and what of that is wanted.</param>
    /// <param name="mode">A Pillow or torchvision mode.</param>
    /// <param name="precision">Whether the bytes must be the reference's.</param>
    /// <param name="writer">Receives the rows.</param>
    public static void Resample<TWriter>(
        PixelBuffer image, PixelRectangle source, in TensorGeometry geometry, ResampleMode mode, ResamplePrecision precision,
        ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        (ResampleFilter filter, ResampleArithmetic arithmetic) = Definition(mode);
        if (precision == ResamplePrecision.Exact)
        {
            RowsFirst(image, source, geometry, filter, arithmetic, ref writer);
        }
        else if (filter is not (ResampleFilter.Box or ResampleFilter.Bilinear))
        {
            // These overshoot and are clamped between the passes. With columns first that happens at another place: 10 (bicubic) and 19
            // levels (Lanczos) from Pillow at the saturated edges of photographs.
            RowsFirst(image, source, geometry, filter, ResampleArithmetic.Int16, ref writer);
        }
        else if (source.Width >= 2L * geometry.ResizedWidth && source.Height >= 2L * geometry.ResizedHeight)
        {
            ColumnsFirst(image, source, geometry, filter, ref writer);
        }
        else
        {
            // Weights near 1 have few bits in 16, so that some samples would be 2 levels away; and windows are short.
            RowsFirst(image, source, geometry, filter, arithmetic, ref writer);
        }
    }

    private static (ResampleFilter Filter, ResampleArithmetic Arithmetic) Definition(ResampleMode mode) => mode switch
    {
        ResampleMode.PillowBox => (ResampleFilter.Box, ResampleArithmetic.Split22),
        ResampleMode.PillowBilinear => (ResampleFilter.Bilinear, ResampleArithmetic.Split22),
        ResampleMode.PillowBicubic => (ResampleFilter.Bicubic, ResampleArithmetic.Split22),
        ResampleMode.PillowLanczos3 => (ResampleFilter.Lanczos3, ResampleArithmetic.Split22),
        ResampleMode.TorchvisionBilinear => (ResampleFilter.Bilinear, ResampleArithmetic.Int16),
        ResampleMode.TorchvisionBicubic => (ResampleFilter.Bicubic, ResampleArithmetic.Int16),
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };

    private static int Padded(int bytes) => (bytes + HorizontalConvolution.ReadAhead + 63) & ~63;

    private static (ResampleTable Horizontal, ResampleTable Vertical) Tables(
        PixelRectangle source, in TensorGeometry geometry, ResampleFilter filter, ResampleArithmetic arithmetic) => (
        ResampleTableCache.Get(new(source.Width, geometry.ResizedWidth, geometry.CropLeft, geometry.Content.Width, filter, arithmetic)),
        ResampleTableCache.Get(new(source.Height, geometry.ResizedHeight, geometry.CropTop, geometry.Content.Height, filter, arithmetic)));

    private static void RowsFirst<TWriter>(
        PixelBuffer image, PixelRectangle rectangle, in TensorGeometry geometry, ResampleFilter filter, ResampleArithmetic arithmetic,
        ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        (ResampleTable horizontal, ResampleTable vertical) = Tables(rectangle, geometry, filter, arithmetic);
        var source = new SourceRows(image, rectangle, horizontal);
        int rowBytes = 3 * horizontal.Length;
        int stride = Padded(rowBytes);
        int slots = ((Largest(vertical.Count) + 3) & ~3) + HorizontalConvolution.Rows;
        // Narrowed rows, one finished row, and copies of four source rows.
        int scratchOffset = checked((slots + 1) * stride);
        int used = checked(scratchOffset + (HorizontalConvolution.Rows * source.CopyStride));
        byte[] memory = ArrayPool<byte>.Shared.Rent(used);
        nint[] offsets = ArrayPool<nint>.Shared.Rent(slots);
        try
        {
            ref byte narrowed = ref MemoryMarshal.GetArrayDataReference(memory);
            Span<byte> finished = memory.AsSpan(slots * stride, rowBytes);
            Span<byte> copies = memory.AsSpan(scratchOffset, HorizontalConvolution.Rows * source.CopyStride);
            Span<nint> targets = stackalloc nint[HorizontalConvolution.Rows];
            int first = vertical.FirstNeeded;
            int produced = first;
            for (int y = 0; y < vertical.Length; y++)
            {
                int from = vertical.First[y];
                int count = vertical.Count[y];
                if (vertical.IsIdentity)
                {
                    (from, count) = (vertical.Key.Start + y, 1);
                }

                if (horizontal.IsIdentity)
                {
                    for (int i = 0; i < count; i++)
                    {
                        offsets[i] = source.Offset(from + i) + (3 * (horizontal.Key.Start - horizontal.FirstNeeded));
                    }
                }
                else
                {
                    for (; produced < from + count; produced += HorizontalConvolution.Rows)
                    {
                        for (int i = 0; i < targets.Length; i++)
                        {
                            targets[i] = (produced - first + i) % slots * stride;
                        }

                        source.Convolve(produced, horizontal, ref narrowed, targets, copies);
                    }

                    for (int i = 0; i < count; i++)
                    {
                        offsets[i] = (from - first + i) % slots * stride;
                    }
                }

                ref byte rows = ref horizontal.IsIdentity ? ref source.Origin : ref narrowed;
                if (vertical.IsIdentity)
                {
                    writer.Write(
                        horizontal.IsIdentity ? source.Pixels.Slice((int)offsets[0], rowBytes) : memory.AsSpan((int)offsets[0], rowBytes), y);
                    continue;
                }

                VerticalConvolution.Row(ref rows, offsets.AsSpan(0, count), vertical.High(y), vertical.Low(y), vertical.FractionBits, finished);
                writer.Write(finished, y);
            }
        }
        finally
        {
            memory.AsSpan(0, used).Clear();
            ArrayPool<byte>.Shared.Return(memory);
            ArrayPool<nint>.Shared.Return(offsets);
        }
    }

    // Reads every source row once and in order, keeping the sums of all output rows under way.
    private static void ColumnsFirst<TWriter>(
        PixelBuffer image, PixelRectangle rectangle, in TensorGeometry geometry, ResampleFilter filter, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        (ResampleTable horizontal, ResampleTable vertical) = Tables(rectangle, geometry, filter, ResampleArithmetic.Int16);
        var source = new SourceRows(image, rectangle, horizontal);
        const int Rows = HorizontalConvolution.Rows;
        int underWay = MostUnderWay(vertical);
        int wideSlots = underWay + Rows;
        int wideStride = source.CopyStride;
        int length = (source.NeededBytes + VerticalAccumulation.Block - 1) & -VerticalAccumulation.Block;
        int rowBytes = 3 * horizontal.Length;
        int stride = Padded(rowBytes);
        // Finished wide rows, finished rows, copies of source rows at the end of the picture.
        int finishedOffset = checked(wideSlots * wideStride);
        int copyOffset = checked(finishedOffset + (Rows * stride));
        int used = checked(copyOffset + (VerticalAccumulation.Rows * wideStride));
        byte[] memory = ArrayPool<byte>.Shared.Rent(used);
        int[] sums = ArrayPool<int>.Shared.Rent(checked(underWay * length));
        RowAccumulation[] outputs = ArrayPool<RowAccumulation>.Shared.Rent(underWay);
        try
        {
            ref byte all = ref MemoryMarshal.GetArrayDataReference(memory);
            Span<nint> sourceRows = stackalloc nint[VerticalAccumulation.Rows];
            Span<nint> wideRows = stackalloc nint[Rows];
            Span<nint> targets = [finishedOffset, finishedOffset + stride, finishedOffset + (2 * stride), finishedOffset + (3 * stride)];
            int begun = 0;
            int done = 0;
            int written = 0;
            for (int row = vertical.FirstNeeded; row < vertical.EndNeeded; row += VerticalAccumulation.Rows)
            {
                int end = row + VerticalAccumulation.Rows;
                while (begun < vertical.Length && vertical.First[begun] < end)
                {
                    begun++;
                }

                for (int y = done; y < begun; y++)
                {
                    outputs[y - done] = new RowAccumulation(
                        (nint)(y % underWay) * length,
                        (nint)(y % wideSlots) * wideStride,
                        WeightPair(vertical, y, row),
                        WeightPair(vertical, y, row + 2),
                        vertical.First[y] >= row,
                        vertical.First[y] + vertical.Count[y] <= end);
                }

                bool inPlace = source.Locate(row, length, sourceRows, memory.AsSpan(copyOffset, VerticalAccumulation.Rows * wideStride));
                ref byte rows = ref inPlace ? ref source.Origin : ref memory[copyOffset];
                VerticalAccumulation.Add(
                    ref rows, sourceRows, length, outputs.AsSpan(0, begun - done), ref MemoryMarshal.GetArrayDataReference(sums), ref all,
                    vertical.FractionBits);
                while (done < begun && vertical.First[done] + vertical.Count[done] <= end)
                {
                    done++;
                }

                while (done - written >= Rows || (done == vertical.Length && written < done))
                {
                    int count = Math.Min(Rows, done - written);
                    for (int i = 0; i < Rows; i++)
                    {
                        wideRows[i] = (nint)((written + Math.Min(i, count - 1)) % wideSlots) * wideStride;
                    }

                    HorizontalConvolution.Convolve(ref all, wideRows, horizontal.Weights, PixelBuffer.BytesPerPixel, ref all, targets);
                    for (int i = 0; i < count; i++)
                    {
                        writer.Write(memory.AsSpan((int)targets[i], rowBytes), written + i);
                    }

                    written += count;
                }
            }
        }
        finally
        {
            memory.AsSpan(0, used).Clear();
            ArrayPool<byte>.Shared.Return(memory);
            sums.AsSpan(0, underWay * length).Clear();
            ArrayPool<int>.Shared.Return(sums);
            ArrayPool<RowAccumulation>.Shared.Return(outputs);
        }
    }

    private static int WeightPair(ResampleTable table, int output, int row)
    {
        int at = row - table.First[output];
        ReadOnlySpan<short> weights = table.High(output)[..table.Count[output]];
        int first = (uint)at < (uint)weights.Length ? weights[at] : 0;
        int second = (uint)(at + 1) < (uint)weights.Length ? weights[at + 1] : 0;
        return (ushort)first | (second << 16);
    }

    // Output rows that one group of source rows may have to be added to.
    private static int MostUnderWay(ResampleTable vertical)
    {
        int most = 1;
        int begun = 0;
        int done = 0;
        for (int row = vertical.FirstNeeded; row < vertical.EndNeeded; row += VerticalAccumulation.Rows)
        {
            int end = row + VerticalAccumulation.Rows;
            while (begun < vertical.Length && vertical.First[begun] < end)
            {
                begun++;
            }

            most = Math.Max(most, begun - done);
            while (done < begun && vertical.First[done] + vertical.Count[done] <= end)
            {
                done++;
            }
        }

        return most;
    }

    private static int Largest(ReadOnlySpan<int> counts)
    {
        int largest = 0;
        foreach (int count in counts)
        {
            largest = Math.Max(largest, count);
        }

        return largest;
    }

    // The source rectangle, cut to the columns that some window holds.
    private readonly ref struct SourceRows
    {
        private readonly nint _start;
        private readonly int _stride;
        private readonly int _height;

        public SourceRows(PixelBuffer image, PixelRectangle source, ResampleTable horizontal)
        {
            Pixels = image.Pixels;
            _stride = image.Width * PixelBuffer.BytesPerPixel;
            _start = ((nint)source.Top * _stride) + (3 * (source.Left + horizontal.FirstNeeded));
            _height = source.Height;
            NeededBytes = 3 * (horizontal.EndNeeded - horizontal.FirstNeeded);
            CopyStride = Padded(NeededBytes);
        }

        public ReadOnlySpan<byte> Pixels { get; }

        public ref byte Origin => ref MemoryMarshal.GetReference(Pixels);

        public int NeededBytes { get; }

        /// <summary>Bytes that a copy of a row takes with what kernels read after it.</summary>
        public int CopyStride { get; }

        public nint Offset(int row) => _start + ((nint)row * _stride);

        /// <summary>
        /// Finds four rows with so many readable bytes each; rows below the rectangle repeat its last one. At the end of the picture they
        /// are copied, and false is returned: the offsets then count from <paramref name="copies"/>.
        /// </summary>
        public bool Locate(int row, int readable, Span<nint> rows, Span<byte> copies)
        {
            bool inPlace = true;
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = Offset(Math.Min(row + i, _height - 1));
                inPlace &= rows[i] + readable <= Pixels.Length;
            }

            for (int i = 0; i < rows.Length && !inPlace; i++)
            {
                Pixels.Slice((int)rows[i], NeededBytes).CopyTo(copies[(i * CopyStride)..]);
                rows[i] = i * CopyStride;
            }

            return inPlace;
        }

        /// <summary>Resamples four rows along the row; rows below the rectangle repeat its last one.</summary>
        public void Convolve(int row, ResampleTable horizontal, ref byte target, ReadOnlySpan<nint> targets, Span<byte> copies)
        {
            Span<nint> rows = stackalloc nint[HorizontalConvolution.Rows];
            bool inPlace = Locate(row, NeededBytes + HorizontalConvolution.ReadAhead, rows, copies);
            HorizontalConvolution.Convolve(
                ref inPlace ? ref Origin : ref MemoryMarshal.GetReference(copies), rows, horizontal.Weights, PixelBuffer.BytesPerPixel, ref target,
                targets);
        }
    }
}
