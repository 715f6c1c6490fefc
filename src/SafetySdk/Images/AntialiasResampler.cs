using System.Buffers;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Images;

/// <summary>
/// The antialiased resamplings of RGB, row by row: Pillow's and torchvision's with their bytes, which is rows first and then columns, and the
/// fast form, which takes columns first. A pass that changes no size is left out. Thread-safe; holds a few rows of pooled memory, cleared.
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
        PixelBuffer image, PixelRectangle source, in TensorGeometry geometry, ResampleMode mode, ResamplePrecision precision, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        (ResampleFilter filter, ResampleArithmetic arithmetic) = Definition(mode);
        bool columnsFirst = precision == ResamplePrecision.Fast
            && source.Width != geometry.ResizedWidth && source.Height != geometry.ResizedHeight;
        if (precision == ResamplePrecision.Fast)
        {
            arithmetic = ResampleArithmetic.Int16;
        }

        ResampleTable horizontal = ResampleTableCache.Get(
            new(source.Width, geometry.ResizedWidth, geometry.CropLeft, geometry.Content.Width, filter, arithmetic));
        ResampleTable vertical = ResampleTableCache.Get(
            new(source.Height, geometry.ResizedHeight, geometry.CropTop, geometry.Content.Height, filter, arithmetic));
        var pixels = new SourceRows(image, source, horizontal);
        if (columnsFirst)
        {
            ColumnsFirst(pixels, horizontal, vertical, ref writer);
        }
        else
        {
            RowsFirst(pixels, horizontal, vertical, ref writer);
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

    private static void RowsFirst<TWriter>(
        SourceRows source, ResampleTable horizontal, ResampleTable vertical, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
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

    private static void ColumnsFirst<TWriter>(
        SourceRows source, ResampleTable horizontal, ResampleTable vertical, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        const int Rows = HorizontalConvolution.Rows;
        int wideStride = source.CopyStride;
        int rowBytes = 3 * horizontal.Length;
        int stride = Padded(rowBytes);
        int used = checked(Rows * (wideStride + stride));
        byte[] memory = ArrayPool<byte>.Shared.Rent(used);
        nint[] offsets = ArrayPool<nint>.Shared.Rent(Largest(vertical.Count));
        try
        {
            ref byte wide = ref MemoryMarshal.GetArrayDataReference(memory);
            Span<nint> wideRows = [0, wideStride, 2 * wideStride, 3 * wideStride];
            Span<nint> targets = stackalloc nint[Rows];
            for (int i = 0; i < Rows; i++)
            {
                targets[i] = (Rows * wideStride) + (i * stride);
            }

            for (int y = 0; y < vertical.Length; y += Rows)
            {
                int rows = Math.Min(Rows, vertical.Length - y);
                for (int i = 0; i < rows; i++)
                {
                    int from = vertical.First[y + i];
                    Span<nint> window = offsets.AsSpan(0, vertical.Count[y + i]);
                    for (int j = 0; j < window.Length; j++)
                    {
                        window[j] = source.Offset(from + j);
                    }

                    VerticalConvolution.Row(
                        ref source.Origin, window, vertical.High(y + i), default, vertical.FractionBits,
                        memory.AsSpan(i * wideStride, source.NeededBytes));
                }

                // Rows of the last group that are missing hold what was there before and are not written out.
                HorizontalConvolution.Convolve(ref wide, wideRows, horizontal.Weights, ref wide, targets);
                for (int i = 0; i < rows; i++)
                {
                    writer.Write(memory.AsSpan((int)targets[i], rowBytes), y + i);
                }
            }
        }
        finally
        {
            memory.AsSpan(0, used).Clear();
            ArrayPool<byte>.Shared.Return(memory);
            ArrayPool<nint>.Shared.Return(offsets);
        }
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

        /// <summary>Resamples four rows along the row; rows below the rectangle repeat its last one.</summary>
        public void Convolve(int row, ResampleTable horizontal, ref byte target, ReadOnlySpan<nint> targets, Span<byte> copies)
        {
            Span<nint> rows = stackalloc nint[HorizontalConvolution.Rows];
            bool readable = true;
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = Offset(Math.Min(row + i, _height - 1));
                readable &= rows[i] + NeededBytes + HorizontalConvolution.ReadAhead <= Pixels.Length;
            }

            if (readable)
            {
                HorizontalConvolution.Convolve(ref Origin, rows, horizontal.Weights, ref target, targets);
                return;
            }

            for (int i = 0; i < rows.Length; i++)
            {
                Pixels.Slice((int)rows[i], NeededBytes).CopyTo(copies[(i * CopyStride)..]);
                rows[i] = i * CopyStride;
            }

            HorizontalConvolution.Convolve(ref MemoryMarshal.GetReference(copies), rows, horizontal.Weights, ref target, targets);
        }
    }
}
