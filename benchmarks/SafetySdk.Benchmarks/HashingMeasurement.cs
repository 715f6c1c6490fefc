using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;

namespace SafetySdk.Benchmarks;

/// <summary>
/// Times perceptual hashes of noise pictures in memory: <c>hashing</c>. Best of many rounds, in each of which all work is done once; ratios
/// are of one run. Before timing, a picture must hash as the C++ reference hashes it. Prints Markdown.
/// </summary>
public static class HashingMeasurement
{
    private const int Rounds = 40;
    private const string KnownHash = "b77fa75a48369cc7d8f2c2076ebfc17e6e759c836ca52e6000eca3007987d302";

    /// <summary>Runs it.</summary>
    public static void Run()
    {
        byte[] small = Noise(512, 512);
        byte[] large = Noise(4000, 3000);
        if (PdqHasher.Hash(small, 512, 512).Hash.ToString() != KnownHash)
        {
            throw new InvalidOperationException("The hash is not the reference's: there is nothing to time.");
        }

        long sum = 0;
        (string Name, Action Work)[] works =
        [
            ("PDQ, 512 x 512", () => PdqHasher.Hash(small, 512, 512)),
            ("PDQ, 512 x 512, eight orientations", () => PdqHasher.HashDihedral(small, 512, 512)),
            ("PDQ `full`, 12 megapixels", () => PdqHasher.Hash(large, 4000, 3000)),
            ("PDQ `cpp512`, 12 megapixels", () => PdqHasher.Hash(large, 4000, 3000, PdqProfile.Cpp512)),
            ("one read of these pixels", () => sum += Sum(large)),
            ("SHA-256 of the file, 36 MB", () => FileDigests.Sha256(large)),
        ];
        double[] best = new double[works.Length];
        Array.Fill(best, double.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                int times = i < 2 ? 20 : 1;
                long start = Stopwatch.GetTimestamp();
                for (int time = 0; time < times; time++)
                {
                    works[i].Work();
                }

                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds / times);
            }
        }

        GC.KeepAlive(sum);
        Console.WriteLine("| work | ms | |\n| --- | ---: | --- |");
        for (int i = 0; i < works.Length; i++)
        {
            string ratio = i switch
            {
                1 => $"{best[1] / best[0]:0.00} of one",
                2 or 3 => $"{best[i] / best[4]:0.0} reads of the pixels",
                _ => string.Empty,
            };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {works[i].Name} | {best[i]:0.000} | {ratio} |"));
        }
    }

    private static long Sum(byte[] bytes)
    {
        Vector<long> sum = default;
        foreach (Vector<long> part in MemoryMarshal.Cast<byte, Vector<long>>(bytes))
        {
            sum += part;
        }

        return Vector.Sum(sum);
    }

    private static byte[] Noise(int width, int height)
    {
        byte[] rgb = new byte[width * height * 3];
        uint state = 6;
        foreach (ref byte sample in rgb.AsSpan())
        {
            state = (state * 1664525) + 1013904223;
            sample = (byte)(state >> 24);
        }

        return rgb;
    }
}
