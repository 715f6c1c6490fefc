using BenchmarkDotNet.Attributes;
using SafetySdk.Hashing;

namespace SafetySdk.Benchmarks;

/// <summary>PDQ of a noise picture; before timing, the picture of 512 pixels must hash as the C++ reference hashes it.</summary>
[MemoryDiagnoser]
public class PdqBenchmarks
{
    private const string KnownHash = "b77fa75a48369cc7d8f2c2076ebfc17e6e759c836ca52e6000eca3007987d302";

    private byte[] _rgb = [];

    [Params(512, 1024)]
    public int Side { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] known = Noise(512);
        if (PdqHasher.Hash(known, 512, 512).Hash.ToString() != KnownHash
            || PdqHasher.HashDihedral(known, 512, 512)[PdqForm.Original].ToString() != KnownHash)
        {
            throw new InvalidOperationException("The hash is not the reference's: there is nothing to time.");
        }

        _rgb = Noise(Side);
    }

    [Benchmark(Baseline = true)]
    public PdqResult Single() => PdqHasher.Hash(_rgb, Side, Side);

    [Benchmark]
    public PdqDihedralResult EightOrientations() => PdqHasher.HashDihedral(_rgb, Side, Side);

    private static byte[] Noise(int side)
    {
        byte[] rgb = new byte[side * side * 3];
        uint state = 6;
        foreach (ref byte sample in rgb.AsSpan())
        {
            state = (state * 1664525) + 1013904223;
            sample = (byte)(state >> 24);
        }

        return rgb;
    }
}
