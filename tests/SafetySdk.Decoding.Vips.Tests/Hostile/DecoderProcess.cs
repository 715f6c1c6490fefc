using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>
/// Decodes hostile files in a process of its own, so that a crash of native code is seen, its standard error can be read and its memory is
/// nobody else's.
/// </summary>
internal static class DecoderProcess
{
    /// <summary>First argument of the test program that makes it such a process.</summary>
    public const string Command = "decode-hostile";

    private const string Corpus = "corpus", Mutants = "mutants", Optional = "options";
    private const char Current = '@', Fault = '!', Note = '#';

    // Against a hang only.
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(10);

    /// <summary>What such a process said.</summary>
    /// <param name="Faults">What was wrong with outcomes.</param>
    /// <param name="Notes">Figures by name.</param>
    public sealed record Report(IReadOnlyList<string> Faults, IReadOnlyDictionary<string, long> Notes);

    public static Task<Report> DecodeCorpusAsync(CancellationToken cancellationToken) => StartAsync([Corpus], cancellationToken);

    public static Task<Report> DecodeMutantsAsync(ImageFormat format, int seed, int count, CancellationToken cancellationToken)
        => StartAsync([Mutants, format.ToString(), seed.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture)], cancellationToken);

    public static Task<Report> DecodeWithOptionsAsync(string options, int seed, int mutants, CancellationToken cancellationToken)
        => StartAsync([Optional, options, seed.ToString(CultureInfo.InvariantCulture), mutants.ToString(CultureInfo.InvariantCulture)], cancellationToken);

    /// <summary>The other side: does what the test asks for.</summary>
    public static int Run(string[] task)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var decoder = new VipsImageDecoder(SafetyHome.Find());
        switch (task)
        {
            case [Corpus]:
                DecodeCorpus(decoder, output);
                break;
            case [Mutants, string format, string seed, string count]:
                DecodeMutants(
                    decoder,
                    output,
                    Enum.Parse<ImageFormat>(format),
                    int.Parse(seed, CultureInfo.InvariantCulture),
                    int.Parse(count, CultureInfo.InvariantCulture));
                break;
            case [Optional, string options, string seed, string mutants]:
                DecodeWithOptions(
                    decoder,
                    output,
                    options,
                    int.Parse(seed, CultureInfo.InvariantCulture),
                    int.Parse(mutants, CultureInfo.InvariantCulture));
                break;
            default:
                return 64;
        }

        output.WriteLine($"{Note}dropped messages={VipsLibrary.DroppedMessages}");
        output.WriteLine($"{Note}done=1");
        return 0;
    }

    private static void DecodeCorpus(VipsImageDecoder decoder, StreamWriter output)
    {
        // What any decoding needs once is no growth.
        foreach ((_, byte[] file) in Samples.All)
        {
            HostileRun.Outcome(decoder, file, ImageLimits.Default, out _, out _);
        }

        // The least demanding first: buffers that a pool keeps would hide the growth of what comes after.
        int count = 0;
        long largest = 0;
        foreach (HostileFile file in HostileCorpus.All.OrderBy(f => f.MemoryAllowance))
        {
            output.WriteLine($"{Current}{file.Name}");
            byte[] bytes = file.Make();
            long before = file.IsLarge ? ResidentMemory.Reset() : 0;
            string[] faults = [];
            if (!file.IsLarge)
            {
                faults = [.. HostileRun.Faults(decoder, file, bytes)];
            }
            else
            {
                // What a pool keeps for a thread would hide the growth of what comes after; it goes with its thread.
                var thread = new Thread(() => faults = [.. HostileRun.Faults(decoder, file, bytes)]);
                thread.Start();
                thread.Join();
            }

            Array.ForEach(faults, fault => output.WriteLine($"{Fault}{fault}"));
            if (file.IsLarge)
            {
                long growth = ResidentMemory.Peak - before;
                output.WriteLine($"{Note}peak of {file.Name}={growth}");
                if (growth > file.MemoryAllowance + HostileCorpusTests.MemoryAllowance)
                {
                    output.WriteLine($"{Fault}{file.Name}: took {growth >> 20} MB, allowed {(file.MemoryAllowance + HostileCorpusTests.MemoryAllowance) >> 20} MB");
                }

                largest = Math.Max(largest, growth);
            }
            else if (count % 500 == 0)
            {
                ResidentMemory.Reset();
            }

            if (count++ % 50 == 0 && HostileRun.FaultOfGoodFile(decoder) is string after)
            {
                output.WriteLine($"{Fault}after {file.Name}: {after}");
            }
        }

        output.WriteLine($"{Note}files={count}");
        output.WriteLine($"{Note}largest growth={largest}");
    }

    private static void DecodeMutants(VipsImageDecoder decoder, StreamWriter output, ImageFormat format, int seed, int count)
    {
        int decoded = 0;
        byte[] pixels = [];
        for (int number = 0; number < count; number++)
        {
            output.WriteLine($"{Current}{number}");
            byte[] file = StructureMutator.Mutant(format, seed, number);
            FreshMemory.Fill(0x55);
            string? fault = HostileRun.Outcome(decoder, file, MutationFuzzTests.Limits, out ImageError? error, out _, ref pixels);
            if (fault is null && error is null)
            {
                // Memory that a codec never wrote would show what was in it before.
                decoded++;
                byte[] again = [];
                FreshMemory.Fill(0xAA);
                fault = HostileRun.Outcome(decoder, file, MutationFuzzTests.Limits, out error, out _, ref again)
                    ?? (error is not null ? $"decodes once, then {error}" : pixels.AsSpan().SequenceEqual(again) ? null : "decodes to other pixels the second time");
            }

            if (fault is not null)
            {
                output.WriteLine($"{Fault}{number}: {fault}");
            }
        }

        FreshMemory.Fill(0);
        if (HostileRun.FaultOfGoodFile(decoder) is string after)
        {
            output.WriteLine($"{Fault}{after}");
        }

        output.WriteLine($"{Note}decoded={decoded}");
    }

    private static void DecodeWithOptions(VipsImageDecoder decoder, StreamWriter output, string set, int seed, int mutants)
    {
        DecodeOptions options = HostileOptionsTests.Sets[set];
        int count = 0, decoded = 0;
        IEnumerable<(string, byte[])> files = HostileOptionsTests.FilesFor(set).Select(f => (f.Name, f.Make()));
        foreach ((string name, byte[] file) in files.Concat(HostileOptionsTests.Mutants(options.AllowAvif, seed, mutants)))
        {
            output.WriteLine($"{Current}{name}");
            count++;
            FreshMemory.Fill(0x55);
            string? fault = HostileRun.OutcomeOfFrames(decoder, file, options, out byte[]? pixels);
            if (fault is null && pixels is not null)
            {
                decoded++;
                FreshMemory.Fill(0xAA);
                fault = HostileRun.OutcomeOfFrames(decoder, file, options, out byte[]? again)
                    ?? (again is null ? "decodes once, then not" : pixels.AsSpan().SequenceEqual(again) ? null : "decodes to other pixels the second time");
            }

            if (fault is not null)
            {
                output.WriteLine($"{Fault}{name}: {fault}");
            }
        }

        FreshMemory.Fill(0);
        if (HostileRun.FaultOfGoodFile(decoder) is string after)
        {
            output.WriteLine($"{Fault}{after}");
        }

        output.WriteLine($"{Note}files={count}");
        output.WriteLine($"{Note}decoded={decoded}");
    }

    private static async Task<Report> StartAsync(string[] task, CancellationToken cancellationToken)
    {
        TestEnvironment.Runtime();
        string executable = Environment.ProcessPath!;
        var start = new ProcessStartInfo(executable) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
        {
            start.ArgumentList.Add(typeof(DecoderProcess).Assembly.Location);
        }

        start.ArgumentList.Add(Command);
        Array.ForEach(task, start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        var faults = new List<string>();
        var notes = new Dictionary<string, long>();
        string current = "nothing yet";
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        using var guard = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        guard.CancelAfter(HangGuard);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(guard.Token) is string line)
            {
                switch (line)
                {
                    case [Current, ..]:
                        current = line[1..];
                        break;
                    case [Fault, ..]:
                        faults.Add(line[1..]);
                        break;
                    default:
                        int equals = line.LastIndexOf('=');
                        notes[line[1..equals]] = long.Parse(line.AsSpan(equals + 1), CultureInfo.InvariantCulture);
                        break;
                }
            }

            await process.WaitForExitAsync(guard.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill();
            Assert.Fail($"[{string.Join(' ', task)}] hangs at: {current}");
        }

        Assert.True(
            process.ExitCode == 0 && notes.ContainsKey("done"), $"[{string.Join(' ', task)}] ended with {process.ExitCode} at: {current}");

        // It can quote the file: only whether there is any counts.
        Assert.True((await error).Length == 0, $"[{string.Join(' ', task)}] something was written to standard error");
        return new Report(faults, notes);
    }

    /// <summary>What the system holds in memory of this process.</summary>
    private static class ResidentMemory
    {
        /// <summary>The most since <see cref="Reset"/>, bytes.</summary>
        public static long Peak => Read("VmHWM:");

        /// <summary>Collects garbage and starts a new peak.</summary>
        /// <returns>Bytes at the moment.</returns>
        public static long Reset()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            File.WriteAllText("/proc/self/clear_refs", "5");
            return Read("VmRSS:");
        }

        private static long Read(string name)
            => 1024 * long.Parse(
                File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name, StringComparison.Ordinal)).AsSpan(name.Length).Trim().TrimEnd(" kB"),
                CultureInfo.InvariantCulture);
    }

    /// <summary>What fresh blocks of the C library's memory hold; ours does not have to be asked, it is cleared.</summary>
    private static class FreshMemory
    {
        private const int Perturb = -6;

        public static void Fill(byte value) => _ = mallopt(Perturb, value);

#pragma warning disable SYSLIB1054 // A blittable call of the C library does not need generated marshalling.
        [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int mallopt(int parameter, int value);
#pragma warning restore SYSLIB1054
    }
}
