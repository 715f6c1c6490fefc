using BenchmarkDotNet.Attributes;
using SafetySdk.Images;
using SafetySdk.Kernels;

namespace SafetySdk.Benchmarks;

/// <summary>
/// RGB in memory to a normalised float32 NCHW tensor, one thread. benchmarks/imaging.sh times the peers at the same sizes.
/// Noise, as content does not matter to the time; the answer is checked before timing.
/// </summary>
[MemoryDiagnoser]
public class ResizeBenchmarks
{
    private PixelBuffer _image = null!;
    private TensorRecipe _exact = null!;
    private TensorRecipe _fast = null!;
    private float[] _tensor = [];

    [Params("4000x3000-224", "1024x768-224", "512x512-299")]
    public string Sizes { get; set; } = string.Empty;

    [Params(ResampleMode.PillowBilinear, ResampleMode.PillowBicubic, ResampleMode.PillowLanczos3)]
    public ResampleMode Filter { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        int[] sides = [.. Sizes.Split('x', '-').Select(s => int.Parse(s, System.Globalization.CultureInfo.InvariantCulture))];
        _image = PixelBuffer.Rent(sides[0], sides[1]);
        new Random(1).NextBytes(_image.Pixels);
        _exact = new TensorRecipe
        {
            Name = "benchmark",
            Width = sides[2],
            Height = sides[2],
            Resample = Filter,
            Layout = TensorLayout.Nchw,
        };
        _fast = _exact with { Precision = ResamplePrecision.Fast };
        _tensor = new float[_exact.ElementCount];
        float[] exact = Exact().ToArray();
        if (exact.Zip(Fast(), (a, b) => Math.Abs(a - b)).Max() is var most and > 2)
        {
            throw new InvalidOperationException($"The fast form is {most} levels from the exact one: there is nothing to time.");
        }

        _exact = _exact.WithUnitNormalisation(new(0.485, 0.456, 0.406), new(0.229, 0.224, 0.225));
        _fast = _exact with { Precision = ResamplePrecision.Fast };
    }

    [GlobalCleanup]
    public void Cleanup() => _image.Dispose();

    [Benchmark(Baseline = true)]
    public float[] Exact()
    {
        ImageTensor.Write(_image, _exact, _tensor);
        return _tensor;
    }

    [Benchmark]
    public float[] Fast()
    {
        ImageTensor.Write(_image, _fast, _tensor);
        return _tensor;
    }
}

/// <summary>Interleaved bytes to normalised planes, next to filling the planes.</summary>
public class NormaliseBenchmarks
{
    private readonly float[] _mean = [123.675f, 116.28f, 103.53f];
    private readonly float[] _scale = [1 / 58.395f, 1 / 57.12f, 1 / 57.375f];
    private byte[] _rgb = [];
    private float[] _planes = [];

    [Params(224, 1024)]
    public int Side { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _rgb = new byte[3 * Side * Side];
        new Random(1).NextBytes(_rgb);
        _planes = new float[_rgb.Length];
        float[] planes = Normalise();
        int last = (Side * Side) - 1;
        if (planes[last] != (_rgb[3 * last] - _mean[0]) * _scale[0])
        {
            throw new InvalidOperationException("The planes are wrong: there is nothing to time.");
        }
    }

    [Benchmark(Baseline = true)]
    public void Fill() => _planes.AsSpan().Clear();

    [Benchmark]
    public float[] Normalise()
    {
        int plane = Side * Side;
        RgbNormalise.Planes(_rgb, _planes, _planes.AsSpan(plane), _planes.AsSpan(2 * plane), _mean, _scale);
        return _planes;
    }
}
