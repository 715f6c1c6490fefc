using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Kernels;
using SafetySdk.Matching;

namespace SafetySdk.Benchmarks;

/// <summary>
/// Times an index: <c>matching COUNT random|clustered [FOLDER [PYTHON SCRIPT]]</c>; with a Python that has faiss, also that, a round of each
/// after the other. Set-up takes longer than what is measured, so that this is no harness of many processes; times are those of the processor,
/// best of several rounds. Answers are checked first. Prints Markdown.
/// </summary>
public static class MatchingMeasurement
{
    private const int ClusterSize = 20;
    private const int Distance = 31;
    private const int Needles = 256;
    private const int Rounds = 40;
    private const int PeerRounds = 5;

    /// <summary>Runs it.</summary>
    public static void Run(string[] args)
    {
        int count = int.Parse(args[1], CultureInfo.InvariantCulture);
        DirectoryInfo folder = Directory.CreateDirectory(
            Path.Combine(args.Length > 3 ? args[3] : Path.GetTempPath(), Guid.NewGuid().ToString("N")));
        try
        {
            Run(count, args[2], folder.FullName, args.Length > 5 ? args[4..6] : []);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Run(int count, string kind, string folder, string[] python)
    {
        byte[] rows = Rows(count, kind == "clustered");
        string path = Path.Combine(folder, "index");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n### {count:N0} {kind} hashes\n\n| work | seen | |\n| --- | ---: | --- |"));
        var clock = Stopwatch.StartNew();
        double before = Processor();
        using (var writer = new HashIndexWriter("bench"))
        {
            for (int i = 0; i < count; i++)
            {
                writer.Add(new HashListEntry(
                    i.ToString(CultureInfo.InvariantCulture), HashKind.Pdq, Convert.ToHexStringLower(rows.AsSpan(i * 32, 32)), [], "bench"));
            }

            writer.Save(path);
        }

        Print("build, from entries as text", (Processor() - before) / 1e6, "s");
        Print("the same by the clock", clock.Elapsed.TotalSeconds, "s");
        Print("file, identifiers and records included", new FileInfo(path).Length / (double)count, "bytes a hash");
        HashIndex.Open(path).Dispose();
        clock.Restart();
        using HashIndex index = HashIndex.Open(path);
        Print("open", clock.Elapsed.TotalMilliseconds, "ms by the clock");
        HashIndexLayout layout = index.Data.Layout;
        Print("of the file, the search structure", (layout.Hashes(1) - layout.Hashes(0)) / (double)count, "bytes a hash");
        Print("verify all", Best(1, 2, index.Verify) / 1e3, "ms");

        var random = new Random(9);
        PdqHash[] near = [.. Enumerable.Range(0, Needles).Select(_ => Needle(rows, random.Next(count), 12, random))];
        PdqHash[] far = [.. Enumerable.Range(0, Needles).Select(_ => Needle(rows, 0, 2000, random))];
        Check(index, rows, near.AsSpan(0, 4));
        var hits = new List<HashIndexHit>(1 << 16);
        var found = new List<HammingHit>();
        byte[] packed = Pack(far.AsSpan(0, 8));
        using FaissPeer? flatPeer = FaissPeer.Start("flat", python, folder, rows, Pack(near), Distance);
        using FaissPeer? multiHashPeer = FaissPeer.Start("multihash", python, folder, rows, Pack(near), Distance);
        double sweptMiss = double.MaxValue, sweptHit = sweptMiss, scalar = sweptMiss, flat = sweptMiss, multiHash = sweptMiss;
        double miss = Best(Needles, Rounds, () => Find(index, far, hits));
        double hit = Best(Needles, Rounds, () => Find(index, near, hits));
        double scan = Best(8, Rounds, () => HammingScan.Find(rows, packed, Distance, found));
        for (int round = 0; round < PeerRounds; round++)
        {
            // The scan goes through all hashes, so that little of the index is left in a cache.
            scalar = Math.Min(scalar, Best(1, 1, () => Scalar(rows, packed.AsSpan(0, 32))));
            sweptMiss = Math.Min(sweptMiss, Best(Needles, 1, () => Find(index, far, hits)));
            flat = Math.Min(flat, flatPeer?.Run(4) ?? flat);
            Scalar(rows, packed.AsSpan(0, 32));
            sweptHit = Math.Min(sweptHit, Best(Needles, 1, () => Find(index, near, hits)));
            multiHash = Math.Min(multiHash, multiHashPeer?.Run(16) ?? multiHash);
        }

        string many = string.Create(CultureInfo.InvariantCulture, $"{hits.Count / (double)Needles:0.#} found");
        Print("look-up, nothing there", miss, $"µs; 1:{scalar / miss:0} to the scalar scan");
        Print($"look-up, {many}", hit, $"µs; 1:{scalar / hit:0}");
        Print("the same with caches swept before: nothing there", sweptMiss, $"µs; 1:{scalar / sweptMiss:0}");
        Print($"the same with caches swept before: {many}", sweptHit, $"µs; 1:{scalar / sweptHit:0}");
        Print("scan, needle of a batch of 8", scan, string.Create(CultureInfo.InvariantCulture, $"µs; {count / scan / 1e3:0.00} G comparisons/s"));
        Print("scalar popcount scan", scalar, "µs");
        if (flatPeer is not null && multiHashPeer is not null)
        {
            hits.Clear();
            Find(index, near[..16], hits);
            if (hits.Count != multiHashPeer.Found)
            {
                throw new InvalidOperationException($"faiss finds {multiHashPeer.Found} hashes, the index {hits.Count}.");
            }

            Print("faiss IndexBinaryFlat, needle", flat, $"µs; the scan takes 1:{flat / scan:0.0}, the look-up 1:{flat / hit:0}");
            Print("faiss IndexBinaryMultiHash(256, 16, 16), nflip 1", multiHash, $"µs; the look-up takes 1:{multiHash / hit:0}");
            Print("faiss, building that", multiHashPeer.BuildSeconds, "s");
        }

        index.Dispose();
        using var live = LiveHashIndex.Open(path);
        using (HashIndexLease lease = live.Acquire())
        {
            // Blocks are proved when first read; that is a cost of opening, not of each removal.
            lease.Index.Verify();
        }

        HashListEntry[] added = [.. far.Select((hash, i) => new HashListEntry($"new {i}", HashKind.Pdq, hash.ToString(), [], "bench"))];
        int next = 0;
        Print("add", Best(64, 4, () => Array.ForEach(added[next..(next += 64)], live.Add)), "µs");
        next = 0;
        Print("remove", Best(64, 4, () => Array.ForEach(near[next..(next += 64)], hash => live.Remove(HashKind.Pdq, hash.ToString()))), "µs");
        clock.Restart();
        live.Compact();
        Print("compact", clock.Elapsed.TotalSeconds, "s by the clock");
        Print("peak of memory, with the hashes above and mapped pages", Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0, "MiB");
    }

    private static byte[] Pack(ReadOnlySpan<PdqHash> hashes)
    {
        byte[] packed = new byte[hashes.Length * 32];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i].WriteBytes(packed.AsSpan(i * 32));
        }

        return packed;
    }

    private static void Find(HashIndex index, PdqHash[] needles, List<HashIndexHit> hits)
    {
        hits.Clear();
        for (int i = 0; i < needles.Length; i++)
        {
            index.FindPdq(needles.AsSpan(i, 1), Distance, hits);
        }
    }

    private static void Check(HashIndex index, byte[] rows, ReadOnlySpan<PdqHash> needles)
    {
        foreach (PdqHash needle in needles)
        {
            var hits = new List<HashIndexHit>();
            index.FindPdq([needle], Distance, hits);
            var expected = new List<HashIndexHit>();
            for (int i = 0; i < rows.Length / 32; i++)
            {
                int distance = PdqHash.FromBytes(rows.AsSpan(i * 32, 32)).HammingDistance(needle);
                if (distance <= Distance)
                {
                    expected.Add(new HashIndexHit(i, HashKind.Pdq, distance, 0));
                }
            }

            if (!hits.SequenceEqual(expected))
            {
                throw new InvalidOperationException("The answer is wrong: there is nothing to time.");
            }
        }
    }

    private static int Scalar(byte[] rows, ReadOnlySpan<byte> needle)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(rows);
        ReadOnlySpan<ulong> wanted = MemoryMarshal.Cast<byte, ulong>(needle);
        int near = 0;
        for (int i = 0; i + 3 < words.Length; i += 4)
        {
            int bits = BitOperations.PopCount(words[i] ^ wanted[0]) + BitOperations.PopCount(words[i + 1] ^ wanted[1])
                + BitOperations.PopCount(words[i + 2] ^ wanted[2]) + BitOperations.PopCount(words[i + 3] ^ wanted[3]);
            near += bits <= Distance ? 1 : 0;
        }

        return near;
    }

    private static byte[] Rows(int count, bool clustered)
    {
        var random = new Random(7);
        byte[] rows = new byte[count * 32];
        random.NextBytes(rows);
        for (int i = 0; clustered && i < count; i++)
        {
            Span<byte> row = rows.AsSpan(i * 32, 32);
            if (i % ClusterSize != 0)
            {
                rows.AsSpan((i - (i % ClusterSize)) * 32, 32).CopyTo(row);
                Flip(row, random.Next(31), random);
            }
        }

        return rows;
    }

    private static PdqHash Needle(byte[] rows, int row, int bits, Random random)
    {
        byte[] needle = rows.AsSpan(row * 32, 32).ToArray();
        Flip(needle, bits, random);
        return PdqHash.FromBytes(needle);
    }

    private static void Flip(Span<byte> hash, int bits, Random random)
    {
        for (; bits > 0; bits--)
        {
            hash[random.Next(32)] ^= (byte)(1 << random.Next(8));
        }
    }

    // Microseconds of the processor for one of so many.
    private static double Best(int of, int rounds, Action action)
    {
        double best = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            double before = Processor();
            action();
            best = Math.Min(best, (Processor() - before) / of);
        }

        return best;
    }

    private static double Processor() => Environment.CpuUsage.TotalTime.TotalMicroseconds;

    private static void Print(string what, double value, string unit)
        => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {value:0.##} | {unit} |"));
}
