using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Images;

namespace SafetySdk.Benchmarks;

/// <summary>From a file's bytes to pixels.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSafety().AddVipsDecoder().Services.BuildServiceProvider();
    private readonly byte[] _jpeg = Photograph.TwoMegapixelJpeg;
    private readonly byte[] _png = Photograph.OneMegapixelPng;
    private IImageDecoder? _decoder;

    [GlobalSetup]
    public void Setup() => _decoder = _services.GetRequiredService<IImageDecoder>();

    [Benchmark]
    public int HeaderJpeg() => _decoder!.ReadInfo(_jpeg, DecodeOptions.Default).Width;

    [Benchmark(Baseline = true)]
    public int Jpeg() => Decode(_jpeg);

    [Benchmark]
    public int Png() => Decode(_png);

    [GlobalCleanup]
    public void Dispose()
    {
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    private int Decode(byte[] encoded)
    {
        using DecodedImage image = _decoder!.Decode(encoded, DecodeOptions.Default);
        return image.Pixels.Width;
    }
}
