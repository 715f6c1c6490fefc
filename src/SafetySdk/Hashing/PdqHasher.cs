using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SafetySdk.Images;
using SafetySdk.Kernels;

namespace SafetySdk.Hashing;

/// <summary>
/// PDQ, the 256-bit perceptual hash of facebook/ThreatExchange, bit for bit as its C++ reference computes it on the same RGB samples.
/// </summary>
/// <remarks>
/// All arithmetic is IEEE float32 in the reference's order, without fused multiply-add: vectors only ever run across independent sums.
/// Thread-safe; allocates nothing once the array pool is warm. Needs a few times 100 KiB of pooled memory, about 150 bytes × width.
/// </remarks>
public static class PdqHasher
{
    /// <summary>Hashes of lower quality (49 and less) are noise: they must not be compared. PDQ's own recommendation.</summary>
    public const int QualityGate = 50;

    /// <summary>Pictures with a shorter side get the zero hash and quality 0.</summary>
    public const int MinimumSide = 5;

    internal const int ReducedSide = 64;
    internal const int ReducedCount = ReducedSide * ReducedSide;
    internal const int TransformSide = PdqDctMatrix.Rows;
    internal const int TransformCount = TransformSide * TransformSide;
    private const int Cpp512Side = 512;

    /// <summary>Hashes a picture.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="profile">The convention.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static PdqResult Hash(PixelBuffer image, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Hash(image.Pixels, image.Width, image.Height, profile);
    }

    /// <summary>Hashes a picture.</summary>
    /// <param name="rgb">Interleaved 8-bit RGB, row-major, exactly 3 × width × height bytes.</param>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="profile">The convention.</param>
    /// <exception cref="ArgumentException">A side is below 1, or the length does not fit the sides.</exception>
    public static PdqResult Hash(ReadOnlySpan<byte> rgb, int width, int height, PdqProfile profile = PdqProfile.Full)
    {
        Span<float> luma = stackalloc float[ReducedCount];
        // The reference's single-hash entry point leaves the filter out at exactly 64 × 64; its eight-hash one does not.
        if (!Reduce(rgb, width, height, profile, skipFilterAt64: true, luma))
        {
            return default;
        }

        Span<float> transform = stackalloc float[TransformCount];
        Transform(luma, transform);
        return new PdqResult(Threshold(transform, LowerMedian.Find(transform)), Quality(luma));
    }

    /// <summary>Hashes a picture in all eight orientations, at hardly more cost than one.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="profile">The convention.</param>
    /// <exception cref="ObjectDisposedException">The picture's memory was given back.</exception>
    public static PdqDihedralResult HashDihedral(PixelBuffer image, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(image);
        return HashDihedral(image.Pixels, image.Width, image.Height, profile);
    }

    /// <summary>Hashes a picture in all eight orientations, at hardly more cost than one.</summary>
    /// <param name="rgb">Interleaved 8-bit RGB, row-major, exactly 3 × width × height bytes.</param>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="profile">The convention.</param>
    /// <exception cref="ArgumentException">A side is below 1, or the length does not fit the sides.</exception>
    public static PdqDihedralResult HashDihedral(ReadOnlySpan<byte> rgb, int width, int height, PdqProfile profile = PdqProfile.Full)
    {
        Span<float> luma = stackalloc float[ReducedCount];
        if (!Reduce(rgb, width, height, profile, skipFilterAt64: false, luma))
        {
            return default;
        }

        Span<float> transform = stackalloc float[TransformCount];
        Transform(luma, transform);
        Span<PdqHash> hashes = stackalloc PdqHash[PdqForms.Count];
        Orient(transform, hashes);
        return new PdqDihedralResult(hashes, Quality(luma));
    }

    /// <summary>Luma, size step, two rounds of the box filter and the choice of 64 × 64 samples.</summary>
    /// <returns>False where the picture is too small to hash.</returns>
    internal static bool Reduce(
        ReadOnlySpan<byte> rgb, int width, int height, PdqProfile profile, bool skipFilterAt64, Span<float> luma64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if ((long)width * height * PixelBuffer.BytesPerPixel != rgb.Length)
        {
            throw new ArgumentException(
                $"The buffer holds {rgb.Length} bytes, not the 3 x {width} x {height} of the picture.", nameof(rgb));
        }

        if (profile is not (PdqProfile.Full or PdqProfile.Cpp512))
        {
            throw new ArgumentOutOfRangeException(nameof(profile));
        }

        bool resize = profile == PdqProfile.Cpp512 && (width > Cpp512Side || height > Cpp512Side);
        int columns = resize ? Cpp512Side : width;
        int rows = resize ? Cpp512Side : height;
        if (columns < MinimumSide || rows < MinimumSide)
        {
            return false;
        }

        if (skipFilterAt64 && columns == ReducedSide && rows == ReducedSide)
        {
            RgbToLuma.Convert(rgb, luma64);
            return true;
        }

        int padded = (columns + BlockTranspose.Rows - 1) / BlockTranspose.Rows * BlockTranspose.Rows;
        // A row distance that is not a power of two, so that the rows of a block do not share the same cache sets.
        int stride = padded + BlockTranspose.Rows;
        int rowWindow = Window(columns);
        int columnWindow = Window(rows);
        int ringRows = ColumnBoxFilter.RingRows(columnWindow);
        const int Block = BlockTranspose.Rows;
        int total = (Block * stride * 2) + (Block * padded * 2) + (ringRows * stride) + padded
            + (Block * ReducedSide) + (ringRows * ReducedSide) + (2 * ReducedSide);
        float[] rented = ArrayPool<float>.Shared.Rent(total);
        try
        {
            Span<float> free = rented.AsSpan(0, total);
            free.Clear();
            var samples = new DecimatedFilter(
                Take(ref free, Block * padded), Take(ref free, Block * ReducedSide), Take(ref free, ringRows * ReducedSide),
                Take(ref free, ReducedSide), Take(ref free, ReducedSide), luma64, stride, padded, columns, rows, rowWindow, columnWindow);
            Span<float> lumaRows = Take(ref free, Block * stride);
            Span<float> filteredColumns = Take(ref free, Block * padded);
            Span<float> secondRows = Take(ref free, Block * stride);
            var columnFilter = new ColumnBoxFilter(Take(ref free, padded), free, stride, columnWindow);

            // The row of the reduced picture, or nothing where rows are used as they are.
            Span<byte> picked = stackalloc byte[resize ? Cpp512Side * PixelBuffer.BytesPerPixel : 0];
            int filled = 0;
            for (int first = 0; first < rows; first += Block)
            {
                int count = Math.Min(Block, rows - first);
                for (int row = 0; row < count; row++)
                {
                    RgbToLuma.Convert(Row(rgb, width, height, first + row, picked), lumaRows[(row * stride)..]);
                }

                BlockTranspose.ToColumns(lumaRows, stride, padded, samples.Columns);
                RowBoxFilter.Filter(samples.Columns, columns, rowWindow, filteredColumns);
                BlockTranspose.ToRows(filteredColumns, padded, columnFilter.NextBlock, stride);
                for (int row = 0; row < count; row++)
                {
                    if (columnFilter.Push(secondRows.Slice(filled * stride, padded)) && ++filled == Block)
                    {
                        samples.Push(secondRows, filled);
                        filled = 0;
                    }
                }
            }

            while (columnFilter.Drain(secondRows.Slice(filled * stride, padded)))
            {
                if (++filled == Block)
                {
                    samples.Push(secondRows, filled);
                    filled = 0;
                }
            }

            if (filled > 0)
            {
                samples.Push(secondRows, filled);
            }

            samples.Drain();
            return true;
        }
        finally
        {
            rented.AsSpan(0, total).Clear();
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>Σ of the truncated gradients of the 64 × 64 samples over 90, at most 100.</summary>
    internal static int Quality(ReadOnlySpan<float> luma64)
    {
        int sum = 0;
        for (int i = 0; i < ReducedCount - ReducedSide; i++)
        {
            sum += Math.Abs((int)((luma64[i] - luma64[i + ReducedSide]) * 100f / 255f));
        }

        for (int row = 0; row < ReducedCount; row += ReducedSide)
        {
            for (int i = row; i < row + ReducedSide - 1; i++)
            {
                sum += Math.Abs((int)((luma64[i] - luma64[i + 1]) * 100f / 255f));
            }
        }

        return Math.Min(100, sum / 90);
    }

    /// <summary>The 16 × 16 low frequencies: D · A · Dᵀ, every sum in order from 0.</summary>
    internal static void Transform(ReadOnlySpan<float> luma64, Span<float> transform)
    {
        Span<float> half = stackalloc float[TransformSide * ReducedSide];
        Multiply(PdqDctMatrix.Values, luma64, ReducedSide, half);
        Multiply(half, PdqDctMatrix.Transposed, TransformSide, transform);
    }

    // left: 16 x 64; right: 64 x columns; columns a multiple of 16. Vectors run across columns, never along a sum.
    private static void Multiply(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int columns, Span<float> product)
    {
        left = left[..(TransformSide * ReducedSide)];
        right = right[..(ReducedSide * columns)];
        product = product[..(TransformSide * columns)];
        ref float factor = ref MemoryMarshal.GetReference(right);
        ref float target = ref MemoryMarshal.GetReference(product);
        for (int row = 0; row < TransformSide; row += 2)
        {
            ReadOnlySpan<float> first = left.Slice(row * ReducedSide, ReducedSide);
            ReadOnlySpan<float> second = left.Slice((row + 1) * ReducedSide, ReducedSide);
            for (int column = 0; column < columns; column += 16)
            {
                Vector256<float> a0 = Vector256<float>.Zero;
                Vector256<float> a1 = Vector256<float>.Zero;
                Vector256<float> b0 = Vector256<float>.Zero;
                Vector256<float> b1 = Vector256<float>.Zero;
                for (int k = 0; k < ReducedSide; k++)
                {
                    Vector256<float> right0 = Vector256.LoadUnsafe(ref factor, (nuint)((k * columns) + column));
                    Vector256<float> right1 = Vector256.LoadUnsafe(ref factor, (nuint)((k * columns) + column + 8));
                    var left0 = Vector256.Create(first[k]);
                    var left1 = Vector256.Create(second[k]);
                    a0 += left0 * right0;
                    a1 += left0 * right1;
                    b0 += left1 * right0;
                    b1 += left1 * right1;
                }

                a0.StoreUnsafe(ref target, (nuint)((row * columns) + column));
                a1.StoreUnsafe(ref target, (nuint)((row * columns) + column + 8));
                b0.StoreUnsafe(ref target, (nuint)(((row + 1) * columns) + column));
                b1.StoreUnsafe(ref target, (nuint)(((row + 1) * columns) + column + 8));
            }
        }
    }

    /// <summary>The eight hashes from the transform of the picture as it is, each thresholded at its own median.</summary>
    internal static void Orient(ReadOnlySpan<float> transform, Span<PdqHash> hashes)
    {
        // Turning a picture transposes its transform and changes signs. Forms with the same signs share a median.
        Span<float> signed = stackalloc float[TransformCount];
        Span<float> turned = stackalloc float[TransformCount];

        transform.CopyTo(signed);
        TwoForms(signed, turned, hashes, PdqForm.Original, PdqForm.FlipPlus1);

        Negate(transform, signed, static (_, column) => column % 2 == 0);
        TwoForms(signed, turned, hashes, PdqForm.FlipY, PdqForm.Rot90);

        Negate(transform, signed, static (row, column) => (row + column) % 2 != 0);
        TwoForms(signed, turned, hashes, PdqForm.Rot180, PdqForm.FlipMinus1);

        Negate(transform, signed, static (row, _) => row % 2 == 0);
        TwoForms(signed, turned, hashes, PdqForm.FlipX, PdqForm.Rot270);
    }

    private static void TwoForms(ReadOnlySpan<float> signed, Span<float> turned, Span<PdqHash> hashes, PdqForm upright, PdqForm transposed)
    {
        float median = LowerMedian.Find(signed);
        hashes[(int)upright] = Threshold(signed, median);
        for (int row = 0; row < TransformSide; row++)
        {
            for (int column = 0; column < TransformSide; column++)
            {
                turned[(column * TransformSide) + row] = signed[(row * TransformSide) + column];
            }
        }

        hashes[(int)transposed] = Threshold(turned, median);
    }

    private static void Negate(ReadOnlySpan<float> source, Span<float> target, Func<int, int, bool> where)
    {
        for (int row = 0; row < TransformSide; row++)
        {
            for (int column = 0; column < TransformSide; column++)
            {
                float value = source[(row * TransformSide) + column];
                target[(row * TransformSide) + column] = where(row, column) ? -value : value;
            }
        }
    }

    private static PdqHash Threshold(ReadOnlySpan<float> transform, float median)
    {
        Span<ulong> words = stackalloc ulong[4];
        var limit = Vector256.Create(median);
        for (int word = 0; word < words.Length; word++)
        {
            ulong bits = 0;
            for (int i = 0; i < 64; i += Vector256<float>.Count)
            {
                var values = Vector256.Create(transform.Slice((word * 64) + i, Vector256<float>.Count));
                bits |= (ulong)Vector256.GreaterThan(values, limit).ExtractMostSignificantBits() << i;
            }

            words[word] = bits;
        }

        return new PdqHash(words[0], words[1], words[2], words[3]);
    }

    private static int Window(int side) => (side + 127) / 128;

    private static Span<float> Take(ref Span<float> free, int count)
    {
        Span<float> taken = free[..count];
        free = free[count..];
        return taken;
    }

    // picked is empty where the picture is used as it is.
    private static ReadOnlySpan<byte> Row(ReadOnlySpan<byte> rgb, int width, int height, int row, Span<byte> picked)
    {
        int length = width * PixelBuffer.BytesPerPixel;
        if (picked.IsEmpty)
        {
            return rgb.Slice(row * length, length);
        }

        ReadOnlySpan<byte> source = rgb.Slice((int)((long)row * height / Cpp512Side) * length, length);
        for (int x = 0; x < Cpp512Side; x++)
        {
            int at = (int)((long)x * width / Cpp512Side) * PixelBuffer.BytesPerPixel;
            picked[x * PixelBuffer.BytesPerPixel] = source[at];
            picked[(x * PixelBuffer.BytesPerPixel) + 1] = source[at + 1];
            picked[(x * PixelBuffer.BytesPerPixel) + 2] = source[at + 2];
        }

        return picked;
    }

    /// <summary>The second round of the filter, computed only where one of the 64 × 64 samples lies.</summary>
    private ref struct DecimatedFilter
    {
        private readonly Span<float> _sampled;
        private readonly Span<float> _output;
        private readonly Span<float> _luma64;
        private readonly int _stride;
        private readonly int _padded;
        private readonly int _columns;
        private readonly int _rows;
        private readonly int _rowWindow;
        private ColumnBoxFilter _columnFilter;
        private int _emitted;
        private int _sample;

        public DecimatedFilter(
            Span<float> columnsBlock, Span<float> sampled, Span<float> ring, Span<float> sums, Span<float> output, Span<float> luma64,
            int stride, int padded, int columns, int rows, int rowWindow, int columnWindow)
        {
            Columns = columnsBlock;
            _sampled = sampled;
            _output = output;
            _luma64 = luma64;
            _stride = stride;
            _padded = padded;
            _columns = columns;
            _rows = rows;
            _rowWindow = rowWindow;
            _columnFilter = new ColumnBoxFilter(sums, ring, ReducedSide, columnWindow);
        }

        /// <summary>Room for a transposed block; free between calls.</summary>
        public Span<float> Columns { get; }

        public void Push(ReadOnlySpan<float> block, int count)
        {
            Span<int> wanted = stackalloc int[ReducedSide];
            for (int i = 0; i < ReducedSide; i++)
            {
                wanted[i] = Sample(i, _columns);
            }

            BlockTranspose.ToColumns(block, _stride, _padded, Columns);
            RowBoxFilter.FilterAt(Columns, _columns, _rowWindow, wanted, _sampled);
            BlockTranspose.ToRows(_sampled, ReducedSide, _columnFilter.NextBlock, ReducedSide);
            for (int row = 0; row < count; row++)
            {
                if (_columnFilter.Push(_output))
                {
                    Emit();
                }
            }
        }

        public void Drain()
        {
            while (_columnFilter.Drain(_output))
            {
                Emit();
            }
        }

        private void Emit()
        {
            for (; _sample < ReducedSide && Sample(_sample, _rows) == _emitted; _sample++)
            {
                _output.CopyTo(_luma64[(_sample * ReducedSide)..]);
            }

            _emitted++;
        }

        private static int Sample(int index, int side) => (int)((index + 0.5) * side / ReducedSide);
    }
}
