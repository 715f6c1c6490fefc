using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Kernels;

namespace SafetySdk.Tests.Kernels;

/// <summary>
/// What every form of the resize kernels must do: the bytes of a plain definition in 64-bit arithmetic, at every length and alignment,
/// without touching a byte too many. <see cref="ResizeKernelLaneTests"/> runs this class once for each vector width.
/// </summary>
public sealed class ResizeKernelTests
{
    public const string WidthVariable = "SAFETYSDK_TEST_SIMD_WIDTH";

    [Fact]
    public void The_width_is_the_forced_one()
    {
        string? forced = Environment.GetEnvironmentVariable(WidthVariable);
        Assert.SkipWhen(forced is null, "no width is forced in this process");
        Assert.Equal(forced, KernelForms.Lane);
    }

    [Fact]
    public void A_row_is_the_weighted_sum_of_rows()
    {
        var random = new Random(1);
        foreach ((int least, VerticalForm form) in KernelForms.Vertical())
        {
            for (int length = 0; length <= 256; length++)
            {
                if (length < least)
                {
                    continue;
                }

                int count = random.Next(1, 12);
                bool split = (length & 1) != 0;
                (short[] high, short[] low, int bits) = Weights(random, count, 16, split);
                using var source = new GuardedMemory((count * length) + 5);
                using var target = new GuardedMemory(length);
                Span<byte> samples = (length & 2) != 0 ? source.AtStart : source.AtEnd;
                Fill(random, samples, length);
                // Rows lie in any order, misaligned, the last one up to the guard.
                nint[] rows = [.. Enumerable.Range(0, count).Select(i => (nint)((i * length) + 5)).OrderBy(_ => random.Next())];
                Span<byte> result = (length & 4) != 0 ? target.AtStart : target.AtEnd;
                form(ref MemoryMarshal.GetReference(samples), rows, high, low, bits, result);
                for (int x = 0; x < length; x++)
                {
                    long sum = 1L << (bits - 1);
                    for (int i = 0; i < count; i++)
                    {
                        sum += Weight(high, low, i) * samples[(int)rows[i] + x];
                    }

                    Assert.Equal(Expected(sum, bits), result[x]);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void Rows_are_resampled_along_the_row(int channels)
    {
        var random = new Random(2);
        foreach (HorizontalForm form in KernelForms.Horizontal())
        {
            for (int outputs = 0; outputs <= 130; outputs++)
            {
                int width = random.Next(1, 90);
                int longest = random.Next(1, Math.Min(width, 30) + 1);
                int stride = (longest + 3) & ~3;
                bool split = (outputs & 1) != 0;
                int[] first = new int[outputs];
                int[] count = new int[outputs];
                short[] high = new short[outputs * stride];
                short[] low = split ? new short[high.Length] : [];
                int bits = split ? 22 : 15;
                for (int x = 0; x < outputs; x++)
                {
                    count[x] = random.Next(1, longest + 1);
                    first[x] = random.Next(0, width - count[x] + 1);
                    (short[] h, short[] l, bits) = Weights(random, count[x], stride, split);
                    h.AsSpan(0, stride).CopyTo(high.AsSpan(x * stride));
                    l.AsSpan(0, Math.Min(stride, l.Length)).CopyTo(low.AsSpan(split ? x * stride : 0));
                }

                int origin = outputs == 0 ? 0 : first.Min();
                var weights = new ConvolutionWeights
                {
                    Origin = origin,
                    First = first,
                    Count = count,
                    High = high,
                    Low = low,
                    Stride = stride,
                    FractionBits = bits,
                    Lanes = new ConvolutionLanes(),
                };
                int rowBytes = (channels * (width - origin)) + HorizontalConvolution.ReadAhead;
                int targetBytes = (channels * outputs) + HorizontalConvolution.WriteAhead;
                using var source = new GuardedMemory(4 * rowBytes);
                using var target = new GuardedMemory(4 * targetBytes);
                byte[][] results = new byte[2][];
                Fill(random, source.AtEnd, outputs);
                for (int poison = 0; poison < 2; poison++)
                {
                    // What follows a row must not matter.
                    for (int row = 0; row < 4; row++)
                    {
                        source.AtEnd.Slice((row * rowBytes) + (channels * (width - origin)), HorizontalConvolution.ReadAhead).Fill(poison == 0 ? (byte)0xAA : (byte)0x55);
                    }

                    form(
                        ref MemoryMarshal.GetReference(source.AtEnd), [0, rowBytes, 2 * rowBytes, 3 * rowBytes], weights, channels,
                        ref MemoryMarshal.GetReference(target.AtEnd), [0, targetBytes, 2 * targetBytes, 3 * targetBytes]);
                    results[poison] = [.. Enumerable.Range(0, 4).SelectMany(row => target.AtEnd.Slice(row * targetBytes, channels * outputs).ToArray())];
                }

                Assert.Equal(results[0], results[1]);
                for (int row = 0; row < 4; row++)
                {
                    for (int x = 0; x < outputs; x++)
                    {
                        for (int channel = 0; channel < channels; channel++)
                        {
                            long sum = 1L << (bits - 1);
                            for (int i = 0; i < count[x]; i++)
                            {
                                sum += Weight(high, low, (x * stride) + i) * source.AtEnd[(row * rowBytes) + (channels * (first[x] - origin + i)) + channel];
                            }

                            Assert.Equal(Expected(sum, bits), results[0][(channels * ((row * outputs) + x)) + channel]);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Rows_are_added_in_groups_of_eight()
    {
        var random = new Random(3);
        const int Outputs = 3;
        foreach (AccumulationForm form in KernelForms.Accumulation())
        {
            for (int length = 0; length <= 512; length += VerticalAccumulation.Block)
            {
                for (int groups = 1; groups <= 4; groups++)
                {
                    int rows = VerticalAccumulation.Rows * groups;
                    using var source = new GuardedMemory(rows * length);
                    using var target = new GuardedMemory(Outputs * length);
                    Fill(random, source.AtEnd, groups);
                    target.AtEnd.Fill(0xAA);
                    int[] sums = new int[Outputs * length];
                    Array.Fill(sums, 0x55555555);
                    int bits = 15;
                    short[][] weights = [.. Enumerable.Range(0, Outputs).Select(_ => Weights(random, rows, rows, split: false).High)];
                    for (int group = 0; group < groups; group++)
                    {
                        RowAccumulation[] outputs = [.. Enumerable.Range(0, Outputs).Select(o => new RowAccumulation(
                            o * length, o * length, Pair(weights[o], 8 * group), Pair(weights[o], (8 * group) + 2), Pair(weights[o], (8 * group) + 4),
                            Pair(weights[o], (8 * group) + 6), group == 0, group == groups - 1))];
                        form(
                            ref Unsafe.AddByteOffset(ref MemoryMarshal.GetReference(source.AtEnd), (nint)(8 * group * length)), length, length, outputs,
                            ref MemoryMarshal.GetArrayDataReference(sums), ref MemoryMarshal.GetReference(target.AtEnd), bits, 8 * length);
                    }

                    for (int o = 0; o < Outputs; o++)
                    {
                        for (int x = 0; x < length; x++)
                        {
                            long sum = 1L << (bits - 1);
                            for (int i = 0; i < rows; i++)
                            {
                                sum += weights[o][i] * source.AtEnd[(i * length) + x];
                            }

                            Assert.Equal(Expected(sum, bits), target.AtEnd[(o * length) + x]);
                        }
                    }
                }
            }
        }

        static int Pair(short[] weights, int at) => (ushort)weights[at] | (weights[at + 1] << 16);
    }

    [Fact]
    public void Planes_are_normalised_and_split()
    {
        var random = new Random(4);
        for (int pixels = 0; pixels <= 256; pixels++)
        {
            using var source = new GuardedMemory(3 * pixels);
            using var target = new GuardedMemory(12 * pixels);
            Span<byte> rgb = (pixels & 1) != 0 ? source.AtStart : source.AtEnd;
            Fill(random, rgb, pixels);
            Span<float> planes = MemoryMarshal.Cast<byte, float>((pixels & 2) != 0 ? target.AtStart : target.AtEnd);
            float[] mean = [123.675f, 116.28f, 103.53f];
            float[] scale = [1 / 58.395f, 1 / 57.12f, 1 / 57.375f];
            RgbNormalise.Planes(rgb, planes, planes[pixels..], planes[(2 * pixels)..], mean, scale);
            for (int i = 0; i < 3 * pixels; i++)
            {
                Assert.Equal((rgb[i] - mean[i % 3]) * scale[i % 3], planes[((i % 3) * pixels) + (i / 3)]);
            }
        }
    }

    private static long Weight(short[] high, short[] low, int at) => low.Length == 0 ? high[at] : (high[at] * 2048L) + low[at];

    private static byte Expected(long sum, int bits) => (byte)Math.Clamp((int)sum >> bits, 0, 255);

    // Weights of both signs whose sums reach beyond 0..255 on either side.
    private static (short[] High, short[] Low, int FractionBits) Weights(Random random, int count, int stride, bool split)
    {
        int bits = split ? 22 : 15;
        short[] high = new short[stride];
        short[] low = split ? new short[stride] : [];
        for (int i = 0; i < count; i++)
        {
            int weight = (int)((1 << bits) * ((random.NextDouble() * 3) - 1) / count);
            if (split)
            {
                high[i] = (short)(weight >> 11);
                low[i] = (short)(weight & 2047);
            }
            else
            {
                high[i] = (short)Math.Clamp(weight, short.MinValue, short.MaxValue);
            }
        }

        return (high, low, bits);
    }

    private static void Fill(Random random, Span<byte> bytes, int which)
    {
        if (which % 7 == 3)
        {
            bytes.Fill(255);
        }
        else
        {
            random.NextBytes(bytes);
        }
    }
}
