using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using SafetySdk.Images;
using SafetySdk.Kernels;

namespace SafetySdk.Tests.Kernels;

/// <summary>
/// Properties of every form of the resize kernels at sizes of 0 to 256 and around lanes, at any alignment, between pages that must not be
/// touched. <see cref="ResizeKernelLaneTests"/> runs this class once for each vector width.
/// </summary>
public sealed class KernelPropertyTests
{
    private const int Rows = HorizontalConvolution.Rows;

    private static readonly Config Checks = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static Gen<int> Sizes { get; } = Gen.OneOf(
        Gen.Choose(1, 256), Gen.Elements(1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256));

    private static Arbitrary<ResizeCase> Cases { get; } = Arb.From(
        from input in Sizes
        from output in Sizes
        from filter in Gen.Elements(ResampleFilter.Box, ResampleFilter.Bilinear, ResampleFilter.Bicubic, ResampleFilter.Lanczos3)
        from arithmetic in Gen.Elements(ResampleArithmetic.Split22, ResampleArithmetic.Int16)
        from channels in Gen.Elements(1, 3, 4)
        from misaligned in Gen.Choose(0, 63)
        from seed in Gen.Choose(0, int.MaxValue)
        select new ResizeCase(input, output, filter, arithmetic, channels, misaligned, seed));

    [Fact]
    public void Along_the_row_every_form_gives_the_bytes_of_the_definition() => Prop.ForAll(Cases, c =>
    {
        byte[] samples = c.Samples(Rows);
        byte[] expected = c.Along(HorizontalConvolution.ConvolveScalar, samples, 0);
        foreach (HorizontalForm form in KernelForms.Horizontal())
        {
            // What follows a row, and what stood in the target, must not matter.
            Assert.Equal(expected, c.Along(form, samples, 0xAA));
            Assert.Equal(expected, c.Along(form, samples, 0x55));
        }
    }).Check(Checks);

    [Fact]
    public void Down_the_columns_every_form_gives_the_bytes_of_the_definition() => Prop.ForAll(Cases, c =>
    {
        // The output size of the case is the length of the rows here; guarded memory holds 64 KiB.
        c = c with { Input = Math.Min(c.Input, 250) };
        var table = new ResampleTable(new(c.Input, 7, 0, 7, c.Filter, c.Arithmetic));
        using var source = new GuardedMemory((c.Input * c.Output) + c.Misaligned);
        using var target = new GuardedMemory(c.Output);
        c.Fill(source.AtEnd);
        byte[] expected = new byte[c.Output];
        for (int y = 0; y < table.Length; y++)
        {
            nint[] rows = [.. Enumerable.Range(table.First[y], table.Count[y]).Select(i => (nint)(c.Misaligned + (i * c.Output)))];
            ref byte first = ref MemoryMarshal.GetReference(source.AtEnd);
            VerticalConvolution.RowScalar(ref first, rows, table.High(y), table.Low(y), table.FractionBits, expected);
            foreach ((int least, VerticalForm form) in KernelForms.Vertical())
            {
                if (c.Output >= least)
                {
                    Span<byte> row = (c.Seed & 1) != 0 ? target.AtStart : target.AtEnd;
                    row.Fill((byte)~expected[0]);
                    form(ref first, rows, table.High(y), table.Low(y), table.FractionBits, row);
                    Assert.Equal(expected, row);
                }
            }
        }
    }).Check(Checks);

    [Fact]
    public void With_weights_of_8_bits_every_form_gives_the_bytes_of_the_definition() => Prop.ForAll(Cases, c =>
    {
        c = c with { Arithmetic = ResampleArithmetic.Int8, Channels = Math.Max(3, c.Channels) };
        var table = new ResampleTable(new(c.Input, c.Output, 0, c.Output, c.Filter, c.Arithmetic));
        for (int x = 0; x < table.Length; x++)
        {
            ReadOnlySpan<short> weights = table.High(x);
            Assert.True(weights.IndexOfAnyExceptInRange((short)-ConvolutionQuads.LargestWeight, (short)ConvolutionQuads.LargestWeight) < 0);
            int sum = 0;
            foreach (short weight in weights)
            {
                sum += weight;
            }

            Assert.Equal(1 << table.FractionBits, sum);
        }

        byte[] samples = c.Samples(Rows);
        byte[] expected = c.Along(HorizontalConvolution.ConvolveScalar, samples, 0);
        foreach (HorizontalForm form in (List<HorizontalForm>)[.. KernelForms.Horizontal(), .. KernelForms.Quads()])
        {
            Assert.Equal(expected, c.Along(form, samples, 0xAA));
            Assert.Equal(expected, c.Along(form, samples, 0x55));
        }
    }).Check(Checks);

    [Fact]
    public void Summed_down_the_columns_every_form_gives_the_bytes_of_the_definition() => Prop.ForAll(Cases, c =>
    {
        const int Group = VerticalAccumulation.Rows;
        c = c with { Input = (Math.Min(c.Input, 120) + Group - 1) & -Group, Arithmetic = ResampleArithmetic.Int16 };
        int length = (Math.Min(c.Output, 256) + VerticalAccumulation.Block - 1) & -VerticalAccumulation.Block;
        int stride = length + (c.Misaligned & 7);
        var table = new ResampleTable(new(c.Input, 3, 0, 3, c.Filter, c.Arithmetic));
        using var source = new GuardedMemory((c.Input * stride) + c.Misaligned);
        using var target = new GuardedMemory(table.Length * length);
        c.Fill(source.AtEnd);
        byte[] expected = new byte[length];
        foreach (AccumulationForm form in KernelForms.Accumulation())
        {
            target.AtEnd.Fill(0xAA);
            int[] sums = new int[table.Length * length];
            Array.Fill(sums, 0x55555555);
            for (int row = 0; row < c.Input; row += Group)
            {
                RowAccumulation[] outputs = [.. Enumerable.Range(0, table.Length)
                    .Where(o => table.First[o] < row + Group && table.First[o] + table.Count[o] > row)
                    .Select(o => new RowAccumulation(
                        o * length, o * length, Pair(table, o, row), Pair(table, o, row + 2), Pair(table, o, row + 4), Pair(table, o, row + 6),
                        table.First[o] >= row, table.First[o] + table.Count[o] <= row + Group))];
                form(
                    ref source.AtEnd[c.Misaligned + (row * stride)], stride, length, outputs, ref sums[0],
                    ref MemoryMarshal.GetReference(target.AtEnd), table.FractionBits, (c.Seed & 1) * Group * stride);
            }

            for (int o = 0; o < table.Length; o++)
            {
                nint[] rows = [.. Enumerable.Range(table.First[o], table.Count[o]).Select(i => (nint)(c.Misaligned + (i * stride)))];
                VerticalConvolution.RowScalar(
                    ref MemoryMarshal.GetReference(source.AtEnd), rows, table.High(o), default, table.FractionBits, expected);
                Assert.Equal(expected, target.AtEnd.Slice(o * length, length));
            }
        }

        static int Pair(ResampleTable table, int output, int row)
        {
            return Weight(row) | (Weight(row + 1) << 16);

            int Weight(int at) => at >= table.First[output] && at < table.First[output] + table.Count[output]
                ? (ushort)table.High(output)[at - table.First[output]] : 0;
        }
    }).Check(Checks);

    [Fact]
    public void A_constant_picture_stays_as_it_is() => Prop.ForAll(Cases, c =>
    {
        byte[] samples = c.Samples(Rows);
        byte[] pixel = samples[..c.Channels];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = pixel[i % c.Channels];
        }

        foreach (HorizontalForm form in KernelForms.Horizontal())
        {
            byte[] result = c.Along(form, samples, 0);
            for (int i = 0; i < result.Length; i++)
            {
                Assert.Equal(pixel[i % c.Channels], result[i]);
            }
        }
    }).Check(Checks);

    [Fact]
    public void Flipping_commutes_under_the_reversed_table() => Prop.ForAll(Cases, c =>
    {
        byte[] samples = c.Samples(Rows);
        foreach (HorizontalForm form in KernelForms.Horizontal())
        {
            byte[] flipped = c.Along(form, Flip(samples, c.Input, c.Channels), 0, reversed: true);
            Assert.Equal(c.Along(form, samples, 0), Flip(flipped, c.Output, c.Channels));
        }
    }).Check(Checks);

    [Fact]
    public void Permuting_the_channels_permutes_the_result() => Prop.ForAll(Cases, c =>
    {
        byte[] samples = c.Samples(Rows);
        int shift = c.Channels == 1 ? 0 : 1 + (c.Seed % (c.Channels - 1));
        foreach (HorizontalForm form in KernelForms.Horizontal())
        {
            byte[] permuted = c.Along(form, Permute(samples, c.Channels, shift), 0);
            Assert.Equal(Permute(c.Along(form, samples, 0), c.Channels, shift), permuted);
            // And each is what it would be alone.
            byte[] grey = [.. samples.Where((_, i) => i % c.Channels == 0)];
            byte[] alone = (c with { Channels = 1 }).Along(form, grey, 0);
            Assert.Equal(alone, c.Along(form, samples, 0).Where((_, i) => i % c.Channels == 0));
        }
    }).Check(Checks);

    [Fact]
    public void Along_the_rows_is_down_the_columns_of_the_transposed_picture() => Prop.ForAll(Cases, c =>
    {
        const int Height = 64;
        ResizeCase grey = c with { Channels = 1 };
        byte[] samples = grey.Samples(Height);
        byte[] transposed = new byte[samples.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            transposed[(i % c.Input * Height) + (i / c.Input)] = samples[i];
        }

        var table = new ResampleTable(new(c.Input, c.Output, 0, c.Output, c.Filter, c.Arithmetic));
        byte[] along = new byte[Height * c.Output];
        for (int y = 0; y < Height; y += Rows)
        {
            grey.Along(HorizontalConvolution.Convolve, samples[(y * c.Input)..((y + Rows) * c.Input)], 0).CopyTo(along, y * c.Output);
        }

        byte[] column = new byte[Height];
        for (int x = 0; x < c.Output; x++)
        {
            nint[] rows = [.. Enumerable.Range(table.First[x], table.Count[x]).Select(i => (nint)(i * Height))];
            VerticalConvolution.Row(ref transposed[0], rows, table.High(x), table.Low(x), table.FractionBits, column);
            for (int y = 0; y < Height; y++)
            {
                Assert.Equal(column[y], along[(y * c.Output) + x]);
            }
        }
    }).Check(Checks.WithMaxTest(100));

    [Fact]
    public void Every_form_normalises_to_the_bits_of_the_definition() => Prop.ForAll(Cases, c =>
    {
        int pixels = c.Input - 1;
        int floats = c.Misaligned % 16;
        using var source = new GuardedMemory((3 * pixels) + c.Misaligned);
        using var target = new GuardedMemory((12 * pixels) + (4 * floats));
        Span<byte> rgb = (c.Seed & 1) != 0 ? source.AtEnd[c.Misaligned..] : source.AtStart[..(3 * pixels)];
        c.Fill(rgb);
        float[] mean = [123.675f, 116.28f, 103.53f];
        float[] scale = [1 / 58.395f, 1 / 57.12f, 1 / 57.375f];
        float[] expected = new float[3 * pixels];
        RgbNormalise.PlanesScalar(
            rgb, 0, expected.AsSpan(0, pixels), expected.AsSpan(pixels, pixels), expected.AsSpan(2 * pixels), mean, scale);
        Span<float> planes = MemoryMarshal.Cast<byte, float>((c.Seed & 2) != 0 ? target.AtEnd[(4 * floats)..] : target.AtStart[..(12 * pixels)]);
        foreach (PlanesForm form in KernelForms.Planes())
        {
            planes.Fill(float.NaN);
            Span<float> red = planes[..pixels];
            Span<float> green = planes.Slice(pixels, pixels);
            Span<float> blue = planes[(2 * pixels)..];
            int done = form(rgb, 0, red, green, blue, mean, scale);
            // A form may leave a rest to narrower ones, not more than they would.
            Assert.InRange(done, Math.Max(0, pixels - 33), pixels);
            RgbNormalise.PlanesScalar(rgb, done, red, green, blue, mean, scale);
            Assert.Equal(MemoryMarshal.Cast<float, int>(expected.AsSpan()), MemoryMarshal.Cast<float, int>(planes));
        }
    }).Check(Checks);

    [Fact]
    public void Every_form_multiplies_and_divides_by_alpha_as_the_definition_does() => Prop.ForAll(Cases, c =>
    {
        int bytes = 4 * (c.Input - 1);
        using var source = new GuardedMemory(bytes + c.Misaligned);
        using var target = new GuardedMemory(bytes);
        Span<byte> rgba = (c.Seed & 1) != 0 ? source.AtEnd[c.Misaligned..] : source.AtStart[..bytes];
        c.Fill(rgba);
        Span<byte> result = (c.Seed & 2) != 0 ? target.AtEnd : target.AtStart;
        Equal(rgba, result, AlphaPremultiply.MultiplyScalar, KernelForms.Multiply());
        Equal(rgba, result, AlphaPremultiply.DivideScalar, KernelForms.Divide());

        static void Equal(Span<byte> rgba, Span<byte> result, AlphaForm definition, List<AlphaForm> forms)
        {
            byte[] expected = new byte[rgba.Length];
            Assert.Equal(rgba.Length, definition(rgba, 0, expected));
            foreach (AlphaForm form in forms)
            {
                result.Fill(0xAA);
                int done = form(rgba, 0, result);
                Assert.InRange(done, Math.Max(0, rgba.Length - 63), rgba.Length);
                definition(rgba, done, result);
                Assert.Equal(expected, result);
                // In place, too.
                rgba.CopyTo(result);
                definition(result, form(result, 0, result), result);
                Assert.Equal(expected, result);
            }
        }
    }).Check(Checks);

    [Fact]
    public void Alpha_has_the_bytes_of_Pillow_for_every_colour()
    {
        // Convert.c of Pillow: MULDIV255 and CLIP8(255 * colour / alpha), all pairs of colour and alpha.
        byte[] rgba = new byte[4 << 16];
        for (int i = 0; i < 1 << 16; i++)
        {
            (rgba[4 * i], rgba[(4 * i) + 1], rgba[(4 * i) + 2], rgba[(4 * i) + 3]) = ((byte)i, (byte)(255 - (byte)i), (byte)i, (byte)(i >> 8));
        }

        byte[] multiplied = new byte[rgba.Length];
        byte[] divided = new byte[rgba.Length];
        AlphaPremultiply.Multiply(rgba, multiplied);
        AlphaPremultiply.Divide(rgba, divided);
        for (int i = 0; i < rgba.Length; i++)
        {
            (int level, int alpha) = (rgba[i], rgba[i | 3]);
            bool isAlpha = (i & 3) == 3;
            Assert.Equal(isAlpha ? level : (int)Math.Round(level * alpha / 255.0, MidpointRounding.AwayFromZero), multiplied[i]);
            Assert.Equal(isAlpha || alpha is 0 or 255 ? level : Math.Min(255, 255 * level / alpha), divided[i]);
        }
    }

    private static byte[] Flip(byte[] rows, int width, int channels)
        => [.. rows.Chunk(width * channels).SelectMany(row => row.Chunk(channels).Reverse().SelectMany(pixel => pixel))];

    private static byte[] Permute(byte[] rows, int channels, int shift)
        => [.. rows.Select((_, i) => rows[i - (i % channels) + ((i + shift) % channels)])];

    /// <summary>A resampling of one axis.</summary>
    private sealed record ResizeCase(
        int Input, int Output, ResampleFilter Filter, ResampleArithmetic Arithmetic, int Channels, int Misaligned, int Seed)
    {
        /// <summary>Rows of the input size: noise, or only the extreme levels.</summary>
        public byte[] Samples(int rows)
        {
            byte[] samples = new byte[rows * Input * Channels];
            Fill(samples);
            return samples;
        }

        public void Fill(Span<byte> samples)
        {
            new Random(Seed).NextBytes(samples);
            if (Seed % 3 == 0)
            {
                foreach (ref byte sample in samples)
                {
                    sample = (byte)(sample < 128 ? 0 : 255);
                }
            }
        }

        /// <summary>Four rows resampled along the row, between guard pages.</summary>
        public byte[] Along(HorizontalForm form, byte[] samples, byte poison, bool reversed = false)
        {
            int width = Input * Channels;
            int stride = width + HorizontalConvolution.ReadAhead + (Misaligned & 1);
            int result = Output * Channels;
            int resultStride = result + HorizontalConvolution.WriteAhead + (Misaligned >> 3);
            using var source = new GuardedMemory((Rows * stride) + Misaligned);
            using var target = new GuardedMemory(Rows * resultStride);
            source.AtEnd.Fill(poison);
            target.AtEnd.Fill(poison);
            for (int row = 0; row < Rows; row++)
            {
                samples.AsSpan(row * width, width).CopyTo(source.AtEnd[(Misaligned + (row * stride))..]);
            }

            var table = new ResampleTable(new(Input, Output, 0, Output, Filter, Arithmetic));
            ConvolutionWeights weights = reversed ? Reversed(table) : table.Weights;
            // Rows start with the first pixel that a window holds.
            nint from = Misaligned + ((nint)weights.Origin * Channels);
            form(
                ref MemoryMarshal.GetReference(source.AtEnd), [from, from + stride, from + (2 * stride), from + (3 * stride)], weights, Channels,
                ref MemoryMarshal.GetReference(target.AtEnd), [0, resultStride, 2 * resultStride, 3 * resultStride]);
            byte[] rows = new byte[Rows * result];
            for (int row = 0; row < Rows; row++)
            {
                target.AtEnd.Slice(row * resultStride, result).CopyTo(rows.AsSpan(row * result));
                // Nothing between rows but what may be overwritten.
                Assert.True(target.AtEnd[((row * resultStride) + result + HorizontalConvolution.WriteAhead)..((row + 1) * resultStride)]
                    .IndexOfAnyExcept(poison) < 0);
            }

            return rows;
        }

        private ConvolutionWeights Reversed(ResampleTable table)
        {
            int[] first = new int[Output];
            int[] count = new int[Output];
            short[] high = new short[Output * table.Stride];
            short[] low = new short[table.IsSplit ? high.Length : 0];
            for (int x = 0; x < Output; x++)
            {
                int from = Output - 1 - x;
                count[x] = table.Count[from];
                first[x] = Input - table.First[from] - count[x];
                for (int tap = 0; tap < count[x]; tap++)
                {
                    high[(x * table.Stride) + tap] = table.High(from)[count[x] - 1 - tap];
                    if (table.IsSplit)
                    {
                        low[(x * table.Stride) + tap] = table.Low(from)[count[x] - 1 - tap];
                    }
                }
            }

            return new ConvolutionWeights
            {
                Origin = 0,
                First = first,
                Count = count,
                High = high,
                Low = low,
                Stride = table.Stride,
                FractionBits = table.FractionBits,
                Lanes = new ConvolutionLanes(),
            };
        }
    }
}
