using System.Buffers;
using System.Runtime.CompilerServices;
using SafetySdk.Kernels;

namespace SafetySdk.Images;

/// <summary>
/// The antialiased resamplings, from a stream of stored rows: Pillow's and torchvision's with their bytes, whose displayed rows are resampled
/// along before columns are, and the fast form. Orientation is folded into the weights, so no pixel is turned. Holds a few rows of pooled
/// memory, cleared; a thread reuses its instance. Not thread-safe.
/// </summary>
internal sealed class AntialiasResampler : IDisposable
{
    private const int Rows = HorizontalConvolution.Rows;
    private const int Alignment = 64;

    // Bytes from which on the next rows are prefetched.
    private const int LargePicture = 8 << 20;

    // How much an axis shrinks where 8-bit weights are near enough.
    private const int LongWindow = 8;

    [ThreadStatic]
    private static AntialiasResampler? _idle;

    private ResamplePlan _plan;
    private PassOrder _order;
    private ResampleTable _horizontal = null!;
    private ResampleTable _vertical = null!;
    private bool _transposes;
    private bool _quads;

    private byte[] _memory = [];
    private nint[] _offsets = [];
    private int[] _sums = [];
    private RowAccumulation[] _outputs = [];
    private byte[] _transposed = [];

    // One allocation: a ring of rows between the passes, finished rows, and copies of source rows that kernels would read past.
    private int _ringSlots;
    private int _ringStride;
    private int _finishedOffset;
    private int _finishedStride;
    private int _copyOffset;
    private int _copyStride;
    private int _scratchOffset;
    private int _scratchLength;
    private int _used;

    private int _sourceBytes;
    private int _finishedBytes;
    private int _memoryStart;
    private int _sumsStart;
    private int _underWay;
    private int _sumsLength;
    private int _begun;
    private int _done;
    private int _emitted;

    private AntialiasResampler()
    {
    }

    private enum PassOrder
    {
        /// <summary>Along rows, four at a time, into a ring of short rows; then down columns of the ring.</summary>
        RowsFirst,

        /// <summary>Down columns of a ring of source rows; then along the result.</summary>
        ColumnsFirst,

        /// <summary>
        /// The same, but every source row is read once and added to the sums of all output rows under way: for long windows of 16-bit
        /// weights.
        /// </summary>
        ColumnsFirstSummed,
    }

    /// <summary>Starts a resampling; dispose the result.</summary>
    /// <param name="plan">What to do; its mode is a Pillow or torchvision one.</param>
    public static AntialiasResampler Rent(in ResamplePlan plan)
    {
        AntialiasResampler resampler = _idle ?? new AntialiasResampler();
        _idle = null;
        try
        {
            resampler.Begin(plan);
        }
        catch
        {
            resampler.Dispose();
            throw;
        }

        return resampler;
    }

    /// <summary>Takes the next rows, from the top, and writes what they complete.</summary>
    /// <param name="strip">Rows of the full stored width. Its top is a multiple of 8; its count too, but for the last rows.</param>
    /// <param name="writer">Receives finished rows; not from top to bottom where the picture is stored upside down.</param>
    public unsafe void Push<TWriter>(scoped RowStrip strip, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        int group = _order == PassOrder.RowsFirst ? Rows : VerticalAccumulation.Rows;
        int end = Math.Min(strip.End, _vertical.EndNeeded);
        Span<nint> rows = stackalloc nint[group];
        // Fixed, so that an offset may lead from the strip to a copy of one of its rows.
        fixed (byte* pixels = strip.Pixels)
        fixed (byte* rented = _memory)
        fixed (int* rentedSums = _sums)
        {
            byte* memory = rented + _memoryStart;
            int* sums = rentedSums + _sumsStart;
            // A picture that fits the caches is not worth it.
            nint step = strip.Pixels.Length >= LargePicture ? (nint)group * strip.Stride : 0;
            for (int row = Math.Max(strip.Top, _vertical.FirstNeeded / group * group); row < end; row += group)
            {
                Locate(strip, row, pixels, memory, rows);
                nint ahead = row + group < end ? step : 0;
                switch (_order)
                {
                    case PassOrder.RowsFirst:
                        ConvolveRows(row, pixels, memory, rows, ahead, ref writer);
                        break;
                    case PassOrder.ColumnsFirst:
                        KeepRows(row, pixels, memory, rows, ref writer);
                        break;
                    default:
                        SumRows(row, pixels, memory, sums, rows, ahead, ref writer);
                        break;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.AsSpan(0, Math.Min(_used, _memory.Length)).Clear();
        Return(ref _memory);
        _sums.AsSpan().Clear();
        Return(ref _sums);
        _transposed.AsSpan().Clear();
        Return(ref _transposed);
        Return(ref _offsets);
        Return(ref _outputs);
        _idle = this;
    }

    private static void Return<T>(ref T[] rented)
    {
        if (rented.Length > 0)
        {
            ArrayPool<T>.Shared.Return(rented);
            rented = [];
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

    // Slightly smaller, weights near 1 have so few fraction bits in 16 that some samples would be 2 levels away; where an axis shrinks by
    // 1.37, grows, or keeps its size, no sample of 32 photographs was more than 1.
    private static bool FewBitsSuffice(int source, int resized)
        => source == resized || source >= 1.37 * resized || source <= 0.95 * resized;

    private static unsafe int Misalignment<T>(T[] rented)
        where T : unmanaged
    {
        fixed (T* start = rented)
        {
            return (int)(-(nint)start & (Alignment - 1));
        }
    }

    private static int Padded(int bytes) => checked(bytes + HorizontalConvolution.ReadAhead + 63) & ~63;

    private void Begin(in ResamplePlan plan)
    {
        _plan = plan;
        _begun = _done = _emitted = 0;
        (ResampleFilter filter, ResampleArithmetic arithmetic) = Definition(plan.Mode);
        TensorGeometry geometry = plan.Geometry;
        _transposes = plan.Orientation >= 5;
        bool shrinks = geometry.SourceWidth >= 2L * geometry.ResizedWidth && geometry.SourceHeight >= 2L * geometry.ResizedHeight;
        bool columnsFirst = _transposes;
        if (plan.Precision == ResamplePrecision.Fast)
        {
            if (filter is not (ResampleFilter.Box or ResampleFilter.Bilinear))
            {
                // These overshoot and are clamped between the passes. With columns first that happens at another place: 10 (bicubic) and 19
                // levels (Lanczos) from Pillow at the saturated edges of photographs.
                arithmetic = ResampleArithmetic.Int16;
            }
            else if (shrinks)
            {
                arithmetic = ResampleArithmetic.Int16;
                columnsFirst = true;
            }
            else if (FewBitsSuffice(geometry.SourceWidth, geometry.ResizedWidth)
                && FewBitsSuffice(geometry.SourceHeight, geometry.ResizedHeight))
            {
                arithmetic = ResampleArithmetic.Int16;
            }
        }

        // The displayed axes, and how they are stored.
        bool mirrorsAcross = plan.Orientation is 2 or 3 or 7 or 8;
        bool mirrorsDown = plan.Orientation is 3 or 4 or 6 or 7;
        // Bicubic and Lanczos go along displayed rows first, and long windows there are most of their work. Other orientations get the same
        // weights, and so the same bytes.
        bool few = plan.Precision == ResamplePrecision.Fast && filter is not (ResampleFilter.Box or ResampleFilter.Bilinear)
            && geometry.SourceWidth >= (long)LongWindow * geometry.ResizedWidth;
        _quads = few && !_transposes && plan.Channels != 1;
        var x = new ResampleTableKey(
            geometry.SourceWidth, geometry.ResizedWidth, geometry.CropLeft, geometry.Content.Width, filter,
            few ? ResampleArithmetic.Int8 : arithmetic);
        var y = new ResampleTableKey(
            geometry.SourceHeight, geometry.ResizedHeight, geometry.CropTop + plan.FirstRow, plan.Rows, filter, arithmetic);
        (ResampleTableKey across, ResampleTableKey down) = _transposes ? (y, x) : (x, y);
        _horizontal = ResampleTableCache.Get(
            across with { Direction = mirrorsAcross ? ResampleDirection.Mirrored : ResampleDirection.Forward });
        _vertical = ResampleTableCache.Get(down with { Direction = mirrorsDown ? ResampleDirection.Reversed : ResampleDirection.Forward });
        _order = !columnsFirst ? PassOrder.RowsFirst
            : arithmetic == ResampleArithmetic.Int16 && down.Input >= 2L * down.Output ? PassOrder.ColumnsFirstSummed
            : PassOrder.ColumnsFirst;
        LayOut();
    }

    private void LayOut()
    {
        _sourceBytes = _plan.Channels * (_horizontal.EndNeeded - _horizontal.FirstNeeded);
        _finishedBytes = _plan.Channels * _horizontal.Length;
        _finishedStride = Padded(_finishedBytes);
        _copyStride = Padded(_sourceBytes);
        _sumsLength = 0;
        switch (_order)
        {
            case PassOrder.RowsFirst:
                _ringStride = _finishedStride;
                _ringSlots = ((_vertical.LargestCount + 3) & ~3) + Rows;
                break;
            case PassOrder.ColumnsFirst:
                _ringStride = _copyStride;
                _ringSlots = _vertical.LargestCount + VerticalAccumulation.Rows;
                break;
            default:
                _ringStride = _copyStride;
                _underWay = MostUnderWay(_vertical);
                _ringSlots = _underWay + Rows;
                _sumsLength = (_sourceBytes + VerticalAccumulation.Block - 1) & -VerticalAccumulation.Block;
                _sums = ArrayPool<int>.Shared.Rent(checked((_underWay * _sumsLength) + (Alignment / sizeof(int))));
                _outputs = ArrayPool<RowAccumulation>.Shared.Rent(_underWay);
                break;
        }

        if (_order != PassOrder.ColumnsFirstSummed)
        {
            _offsets = ArrayPool<nint>.Shared.Rent(_ringSlots);
        }

        // Between two passes down and along lie up to four wide rows that are finished downwards.
        int wide = _order == PassOrder.ColumnsFirst ? Rows : 0;
        _finishedOffset = checked((_ringSlots + wide) * _ringStride);
        _copyOffset = checked(_finishedOffset + (Rows * _finishedStride));
        _used = checked(_copyOffset + (VerticalAccumulation.Rows * _copyStride));
        _scratchOffset = _used;
        _scratchLength = 0;
        if (_quads)
        {
            ConvolutionWeights weights = _horizontal.Weights;
            _scratchLength = HorizontalConvolution.QuadScratch(weights.Quads!.For(weights));
        }

        _used = checked(_used + _scratchLength + Alignment);
        _memory = ArrayPool<byte>.Shared.Rent(_used);
        // The garbage collector may move an array, which costs only time.
        _memoryStart = Misalignment(_memory);
        _sumsStart = Misalignment(_sums) / sizeof(int);
        if (_transposes)
        {
            _transposed = ArrayPool<byte>.Shared.Rent(checked(_vertical.Length * _finishedBytes));
        }
    }

    // Offsets of a group of rows from the strip, one stride apart; rows below it repeat its last one, with weights of 0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Locate(scoped RowStrip strip, int row, byte* pixels, byte* memory, scoped Span<nint> rows)
    {
        int start = _plan.Channels * _horizontal.FirstNeeded;
        int readable = Math.Max(_sourceBytes + HorizontalConvolution.ReadAhead, _sumsLength);
        int last = row + rows.Length - 1;
        bool copies = _plan.Channels == 4 || last >= strip.End
            || ((nint)(last - strip.Top) * strip.Stride) + start + readable > strip.Pixels.Length;
        for (int i = 0; i < rows.Length; i++)
        {
            int at = Math.Min(row + i, strip.End - 1) - strip.Top;
            nint offset = ((nint)at * strip.Stride) + start;
            if (copies)
            {
                byte* copy = memory + _copyOffset + (i * (nint)_copyStride);
                var source = new ReadOnlySpan<byte>(pixels + offset, _sourceBytes);
                var target = new Span<byte>(copy, _sourceBytes);
                if (_plan.Channels == 4)
                {
                    AlphaPremultiply.Multiply(source, target);
                }
                else
                {
                    source.CopyTo(target);
                }

                offset = (nint)(copy - pixels);
            }

            rows[i] = offset;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void ConvolveRows<TWriter>(
        int row, byte* pixels, byte* memory, scoped Span<nint> rows, nint ahead, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        Span<nint> targets = stackalloc nint[Rows];
        for (int i = 0; i < Rows; i++)
        {
            targets[i] = (nint)((row + i) % _ringSlots) * _ringStride;
        }

        if (_horizontal.IsIdentity)
        {
            int start = _plan.Channels * (_horizontal.Key.Start - _horizontal.FirstNeeded);
            for (int i = 0; i < Rows; i++)
            {
                new ReadOnlySpan<byte>(pixels + rows[i] + start, _finishedBytes).CopyTo(new Span<byte>(memory + targets[i], _finishedBytes));
            }
        }
        else if (_quads)
        {
            HorizontalConvolution.ConvolveQuads(
                ref *pixels, rows, _horizontal.Weights, _plan.Channels, ref *memory, targets,
                new Span<byte>(memory + _scratchOffset, _scratchLength), ahead);
        }
        else
        {
            HorizontalConvolution.Convolve(ref *pixels, rows, _horizontal.Weights, _plan.Channels, ref *memory, targets);
        }

        for (; _done < _vertical.Length; _done++)
        {
            (int first, int count) = _vertical.IsIdentity ? (_vertical.Key.Start + _done, 1) : (_vertical.First[_done], _vertical.Count[_done]);
            if (first + count > row + Rows)
            {
                return;
            }

            if (_vertical.IsIdentity)
            {
                Emit(memory + ((nint)(first % _ringSlots) * _ringStride), _done, ref writer);
                continue;
            }

            byte* finished = memory + _finishedOffset;
            Column(memory, first, count, new Span<byte>(finished, _finishedBytes));
            Emit(finished, _done, ref writer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void KeepRows<TWriter>(int row, byte* pixels, byte* memory, scoped Span<nint> rows, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        for (int i = 0; i < rows.Length; i++)
        {
            nint slot = (nint)((row + i) % _ringSlots) * _ringStride;
            new ReadOnlySpan<byte>(pixels + rows[i], _sourceBytes).CopyTo(new Span<byte>(memory + slot, _sourceBytes));
        }

        for (; _done < _vertical.Length && _vertical.First[_done] + _vertical.Count[_done] <= row + rows.Length; _done++)
        {
            // The previous four were emitted before their slots are taken again.
            Column(memory, _vertical.First[_done], _vertical.Count[_done], new Span<byte>(memory + WideRow(_done), _sourceBytes));
            EmitWide(memory, _done + 1, ref writer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void SumRows<TWriter>(
        int row, byte* pixels, byte* memory, int* sums, scoped Span<nint> rows, nint ahead, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        int end = row + rows.Length;
        while (_begun < _vertical.Length && _vertical.First[_begun] < end)
        {
            _begun++;
        }

        for (int o = _done; o < _begun; o++)
        {
            _outputs[o - _done] = new RowAccumulation(
                (nint)(o % _underWay) * _sumsLength,
                WideRow(o),
                WeightPair(o, row),
                WeightPair(o, row + 2),
                WeightPair(o, row + 4),
                WeightPair(o, row + 6),
                _vertical.First[o] >= row,
                _vertical.First[o] + _vertical.Count[o] <= end);
        }

        VerticalAccumulation.Add(
            ref *(pixels + rows[0]), rows[1] - rows[0], _sumsLength, _outputs.AsSpan(0, _begun - _done), ref *sums, ref *memory,
            _vertical.FractionBits, ahead);
        while (_done < _begun && _vertical.First[_done] + _vertical.Count[_done] <= end)
        {
            _done++;
            EmitWide(memory, _done, ref writer);
        }
    }

    // Where a row that is finished downwards lies.
    private nint WideRow(int output) => _order == PassOrder.ColumnsFirst
        ? (nint)(_ringSlots + (output % Rows)) * _ringStride
        : (nint)(output % _ringSlots) * _ringStride;

    // The window of a ring whose row of number n lies in slot n modulo the slots.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Column(byte* memory, int first, int count, Span<byte> target)
    {
        for (int i = 0; i < count; i++)
        {
            _offsets[i] = (nint)((first + i) % _ringSlots) * _ringStride;
        }

        VerticalConvolution.Row(
            ref *memory, _offsets.AsSpan(0, count), _vertical.High(_done), _vertical.Low(_done), _vertical.FractionBits, target);
    }

    // Takes four finished wide rows along, or what is left of them at the end.
    private unsafe void EmitWide<TWriter>(byte* memory, int finished, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        int count = finished - _emitted;
        if (count < Rows && finished < _vertical.Length)
        {
            return;
        }

        Span<nint> wide = stackalloc nint[Rows];
        Span<nint> targets = stackalloc nint[Rows];
        for (int i = 0; i < Rows; i++)
        {
            wide[i] = WideRow(_emitted + Math.Min(i, count - 1));
            targets[i] = _finishedOffset + ((nint)i * _finishedStride);
        }

        HorizontalConvolution.Convolve(ref *memory, wide, _horizontal.Weights, _plan.Channels, ref *memory, targets);
        for (int i = 0; i < count; i++)
        {
            Emit(memory + targets[i], _emitted, ref writer);
            _emitted++;
        }
    }

    private unsafe void Emit<TWriter>(byte* row, int output, ref TWriter writer)
        where TWriter : struct, IPixelRowWriter, allows ref struct
    {
        int channels = _plan.Channels;
        var finished = new Span<byte>(row, _finishedBytes);
        if (channels == 4)
        {
            AlphaPremultiply.Divide(finished, finished);
        }

        int displayed = _vertical.Key.Direction == ResampleDirection.Reversed ? _vertical.Length - 1 - output : output;
        if (!_transposes)
        {
            writer.Write(finished, _plan.FirstRow + displayed);
            return;
        }

        int stride = channels * _vertical.Length;
        for (int from = 0, to = channels * displayed; from < finished.Length; from += channels, to += stride)
        {
            finished.Slice(from, channels).CopyTo(_transposed.AsSpan(to));
        }

        for (int y = 0; output == _vertical.Length - 1 && y < _horizontal.Length; y++)
        {
            writer.Write(_transposed.AsSpan(y * stride, stride), _plan.FirstRow + y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int WeightPair(int output, int row)
    {
        int at = row - _vertical.First[output];
        ReadOnlySpan<short> weights = _vertical.High(output)[.._vertical.Count[output]];
        int first = (uint)at < (uint)weights.Length ? weights[at] : 0;
        int second = (uint)(at + 1) < (uint)weights.Length ? weights[at + 1] : 0;
        return (ushort)first | (second << 16);
    }

    // Output rows that one group of source rows may have to be added to.
    private static int MostUnderWay(ResampleTable vertical)
    {
        const int Group = VerticalAccumulation.Rows;
        int most = 1;
        int begun = 0;
        int done = 0;
        for (int row = vertical.FirstNeeded / Group * Group; row < vertical.EndNeeded; row += Group)
        {
            int end = row + Group;
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
}
