using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.PeerBenchmarks;

/// <summary>
/// Answers for one lane, a line for a line: <c>describe</c>; <c>check WORKLOAD</c> with <c>ok DIGEST NOTE</c>, <c>missing WHY</c> or
/// <c>wrong WHY</c>; <c>time WORKLOAD MILLISECONDS CLOCK</c> with the best and the median in nanoseconds. peers.py speaks it too.
/// </summary>
internal sealed partial class Worker
{
    private readonly Dictionary<string, Workload> _made = [];
    private readonly SafetyWorkloads _ours;
    private readonly PeerWorkloads _peers;

    private Worker(string folder)
    {
        var pictures = new Pictures(folder);
        _ours = new(pictures);
        _peers = new(pictures);
    }

    /// <summary>Serves until the input ends.</summary>
    public static int Serve(string folder)
    {
        var worker = new Worker(folder);
        while (Console.In.ReadLine() is { } line)
        {
            Console.Out.WriteLine(line.Split(' ') switch
            {
                ["describe"] => Describe(),
                ["check", string workload] => worker.Check(workload),
                ["time", string workload, string milliseconds, string clock] => worker.Time(workload, int.Parse(milliseconds), clock == "cpu"),
                _ => "unknown",
            });
            Console.Out.Flush();
        }

        return 0;
    }

    private static string Describe()
    {
        int width = Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? 512
            : Vector256.IsHardwareAccelerated && Avx2.IsSupported ? 256
            : Vector128.IsHardwareAccelerated ? 128 : 0;
        string compiler = RuntimeFeature.IsDynamicCodeSupported ? "JIT" : "NativeAOT";
        string extras = string.Concat(AvxVnni.IsSupported ? ", AvxVnni" : "", Avx512Vbmi.IsSupported ? ", Vbmi" : "");
        return $"{compiler}, {RuntimeInformation.FrameworkDescription}, vector width {width}{extras}";
    }

    private string Check(string name)
    {
        try
        {
            Workload workload = Make(name);
            WarmUp(workload.Run);
            return $"ok {workload.Digest()} {workload.Check()}";
        }
        catch (MissingPeerException missing)
        {
            return $"missing {missing.Message}";
        }
        catch (WrongAnswerException wrong)
        {
            return $"wrong {wrong.Message}";
        }
    }

    // A method is compiled again after 30 calls, twice where it is profiled, in the background and 100 ms after the last new one.
    private static void WarmUp(Action run)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            run();
            run();
            return;
        }

        for (int tier = 0; tier < 3; tier++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < 35 || Stopwatch.GetElapsedTime(start).TotalMilliseconds < 30; call++)
            {
                run();
            }

            Thread.Sleep(150);
        }
    }

    private string Time(string name, int milliseconds, bool cpu)
    {
        Action run = Make(name).Run;
        run();

        // A sample is long enough for the clock; short enough that some are left alone by other processes.
        int calls = 1;
        while (Sample(run, calls, cpu) < 50_000)
        {
            calls *= 2;
        }

        var samples = new List<double>();
        double total = 0;
        while (samples.Count < 3 || total < milliseconds * 1e6)
        {
            double sample = Sample(run, calls, cpu);
            total += sample;
            samples.Add(sample / calls);
        }

        samples.Sort();
        return $"{samples[0]:0.#} {samples[samples.Count / 2]:0.#}";
    }

    private static double Sample(Action run, int calls, bool cpu)
    {
        long start = Now(cpu);
        for (int call = 0; call < calls; call++)
        {
            run();
        }

        return Now(cpu) - start;
    }

    // Nanoseconds: of the wall, or of this process on a processor, all threads.
    private static unsafe long Now(bool cpu)
    {
        if (!cpu)
        {
            return (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
        }

        const int ProcessCpu = 2;
        long* time = stackalloc long[2];
        return ClockGetTime(ProcessCpu, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : throw new NotSupportedException("no such clock");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int ClockGetTime(int clock, long* time);

    private Workload Make(string name)
    {
        if (!_made.TryGetValue(name, out Workload? workload))
        {
            _made[name] = workload = Create(name);
        }

        return workload;
    }

    private Workload Create(string name) => name.Split('/') switch
    {
        ["resize", string shrink, string filter, "libvips"] => _peers.Reduce(Shrink.Parse(shrink), filter),
        ["resize", string shrink, _, "read"] => _peers.Read(Shrink.Parse(shrink)),
        ["resize", string shrink, string filter, string precision] => _ours.Resize(Shrink.Parse(shrink), filter, precision == "fast"),
        ["normalise", string side, "fill"] => PeerWorkloads.Fill(int.Parse(side)),
        ["normalise", string side, "tensor"] => SafetyWorkloads.Normalise(int.Parse(side)),
        ["jpeg", string megapixels, "turbojpeg"] => _peers.Turbo(megapixels),
        ["jpeg", string megapixels, "libvips"] => _peers.Strips(megapixels, prepareOnly: false),
        ["jpeg", string megapixels, "libvips-prepare"] => _peers.Strips(megapixels, prepareOnly: true),
        ["jpeg", string megapixels, string precision] => _ours.Jpeg(megapixels, precision == "fast"),
        _ => throw new MissingPeerException($"no workload is called {name}"),
    };
}
