using SafetySdk.Kernels;

namespace SafetySdk.Tests.Kernels;

internal delegate void VerticalForm(
    ref byte source, ReadOnlySpan<nint> rows, ReadOnlySpan<short> high, ReadOnlySpan<short> low, int fractionBits, Span<byte> target);

internal delegate void HorizontalForm(
    ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets);

internal delegate void AccumulationForm(
    ref byte source, nint stride, int length, ReadOnlySpan<RowAccumulation> outputs, ref int sums, ref byte target, int fractionBits,
    nint ahead);

internal delegate int PlanesForm(
    ReadOnlySpan<byte> rgb, int x, Span<float> red, Span<float> green, Span<float> blue, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale);

internal delegate int AlphaForm(ReadOnlySpan<byte> rgba, int at, Span<byte> target);

/// <summary>Every form of a kernel that this process can run: the one that is chosen, the definition, and each vector width.</summary>
internal static class KernelForms
{
    /// <summary>The vectors of this process, as <see cref="ResizeKernelTests.WidthVariable"/> names them.</summary>
    public static string Lane => $"{SimdWidth.Active}{(SimdWidth.HasByteShuffle512 ? "+VBMI" : string.Empty)}";

    public static List<(int Least, VerticalForm Form)> Vertical()
    {
        List<(int, VerticalForm)> forms = [(0, VerticalConvolution.Row), (0, VerticalConvolution.RowScalar)];
        if (SimdWidth.Has128)
        {
            forms.Add((16, VerticalConvolution.Row128));
        }

        if (SimdWidth.Has256)
        {
            forms.Add((32, VerticalConvolution.Row256));
        }

        if (SimdWidth.Has512)
        {
            forms.Add((64, VerticalConvolution.Row512));
        }

        return forms;
    }

    public static List<HorizontalForm> Horizontal()
    {
        List<HorizontalForm> forms = [HorizontalConvolution.Convolve, HorizontalConvolution.ConvolveScalar];
        if (SimdWidth.Has128)
        {
            forms.Add(HorizontalConvolution.Convolve128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(HorizontalConvolution.Convolve256);
        }

        if (SimdWidth.HasByteShuffle512)
        {
            forms.Add(HorizontalConvolution.ConvolveVbmi);
        }

        return forms;
    }

    /// <summary>Those that take 8-bit weights from regrouped rows; the result is that of any other form.</summary>
    public static List<HorizontalForm> Quads()
    {
        List<HorizontalForm> forms = [Scratched(HorizontalConvolution.ConvolveQuads)];
        if (SimdWidth.Has256)
        {
            forms.Add(Scratched(HorizontalConvolution.Quads256));
        }

        if (SimdWidth.Has512)
        {
            forms.Add(Scratched(HorizontalConvolution.Quads512));
        }

        return forms;

        static HorizontalForm Scratched(QuadForm form) => (
            ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets) =>
        {
            using var scratch = new GuardedMemory(HorizontalConvolution.QuadScratch(weights.Quads!.For(weights)));
            scratch.AtEnd.Fill(0xAA);
            form(ref source, rows, weights, channels, ref target, targets, scratch.AtEnd, 12345);
        };
    }

    public static List<AccumulationForm> Accumulation()
    {
        List<AccumulationForm> forms = [VerticalAccumulation.Add, VerticalAccumulation.AddScalar];
        if (SimdWidth.Has128)
        {
            forms.Add(VerticalAccumulation.Add128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(VerticalAccumulation.Add256);
        }

        if (SimdWidth.Has512)
        {
            forms.Add(VerticalAccumulation.Add512);
        }

        return forms;
    }

    public static List<PlanesForm> Planes()
    {
        List<PlanesForm> forms =
        [
            (rgb, x, red, green, blue, mean, scale) =>
            {
                RgbNormalise.Planes(rgb[(3 * x)..], red[x..], green[x..], blue[x..], mean, scale);
                return red.Length;
            },
        ];
        if (SimdWidth.Has128)
        {
            forms.Add(RgbNormalise.Planes128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(RgbNormalise.Planes256);
        }

        if (SimdWidth.HasByteShuffle512)
        {
            forms.Add(RgbNormalise.PlanesVbmi);
        }

        return forms;
    }

    public static List<AlphaForm> Multiply()
        => Alpha(AlphaPremultiply.Multiply, AlphaPremultiply.Multiply128, AlphaPremultiply.Multiply256, AlphaPremultiply.Multiply512);

    public static List<AlphaForm> Divide()
        => Alpha(AlphaPremultiply.Divide, AlphaPremultiply.Divide128, AlphaPremultiply.Divide256, AlphaPremultiply.Divide512);

    private static List<AlphaForm> Alpha(AlphaCall whole, AlphaForm form128, AlphaForm form256, AlphaForm form512)
    {
        List<AlphaForm> forms =
        [
            (rgba, at, target) =>
            {
                whole(rgba[at..], target[at..]);
                return rgba.Length;
            },
        ];
        if (SimdWidth.Has128)
        {
            forms.Add(form128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(form256);
        }

        if (SimdWidth.Has512)
        {
            forms.Add(form512);
        }

        return forms;
    }

    private delegate void QuadForm(
        ref byte source, ReadOnlySpan<nint> rows, ConvolutionWeights weights, int channels, ref byte target, ReadOnlySpan<nint> targets,
        Span<byte> scratch, nint ahead);

    private delegate void AlphaCall(ReadOnlySpan<byte> rgba, Span<byte> target);
}
