using System.Globalization;

namespace SafetySdk.PeerBenchmarks;

/// <summary>
/// Starts the lanes, has every answer checked, then times everything in rounds: within a round, all contestants of one piece of work one
/// after the other, so that what disturbs the machine disturbs them alike. One lane works at a time.
/// </summary>
internal static class PairedRun
{
    /// <summary>The lane that the others are compared with.</summary>
    public const string Jit = "JIT";

    /// <summary>The lane of Pillow and OpenCV.</summary>
    public const string Python = "Python";

    /// <summary>Runs and prints the report; 1 where an answer was wrong.</summary>
    public static int Execute(string folder, string[] options)
    {
        string Option(string name, string otherwise) => options.SkipWhile(o => o != name).Skip(1).FirstOrDefault(otherwise);
        int rounds = int.Parse(Option("--rounds", "7")), block = int.Parse(Option("--block", "40"));
        string clock = Option("--clock", "wall");
        string[] kinds = Option("--only", "resize,normalise,jpeg").Split(',');
        string[] self = [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "SafetySdk.PeerBenchmarks.dll"), "worker", folder];
        (string Level, string File)[] aot =
        [
            .. from pair in options.Zip(options.Skip(1)) where pair.First == "--aot" let at = pair.Second.IndexOf('=')
               select (pair.Second[..at], pair.Second[(at + 1)..]),
        ];

        var lanes = new List<Lane> { new(Jit, self) };
        try
        {
            if (aot.Length > 0)
            {
                // The JIT at the widths that the levels below may use.
                lanes.AddRange(new[]
                {
                    new Lane("JIT 256", self, ("DOTNET_EnableAVX512", "0")), new Lane("JIT 128", self, ("DOTNET_EnableAVX2", "0")),
                });
                lanes.AddRange(aot.Select(lane => new Lane($"AOT {lane.Level}", [lane.File, "worker", folder])));
            }

            lanes.Add(new(Python, [Option("--python", "python3"), Option("--peers", "peers.py"), "worker", folder]));
            Work[] works = [.. Catalogue.All.Where(w => kinds.Contains(w.Kind))];
            string loadBefore = Load();
            var results = new Results();
            List<(Lane Lane, string Workload)>[] plan = [.. works.Select(w => Checked(w, lanes, results))];
            for (int round = 0; round < rounds && results.Wrong.Count == 0; round++)
            {
                Console.Error.WriteLine($"round {round + 1} of {rounds}");
                foreach (List<(Lane Lane, string Workload)> contestants in plan)
                {
                    for (int i = 0; i < contestants.Count; i++)
                    {
                        (Lane lane, string workload) = contestants[(i + round) % contestants.Count];
                        string[] times = lane.Ask($"time {workload} {block} {clock}").Split(' ');
                        results.Add(
                            lane.Name, workload, double.Parse(times[0], CultureInfo.InvariantCulture),
                            double.Parse(times[1], CultureInfo.InvariantCulture));
                    }
                }
            }

            Console.WriteLine(Report.Write(
                results, works, lanes, $"{Option("--header", "")} Load {loadBefore} before, {Load()} after. {rounds} rounds, {clock} time.",
                File.ReadAllText(Path.Combine(folder, "pictures.txt")).Trim()));
            results.Wrong.ForEach(Console.Error.WriteLine);
            return results.Wrong.Count == 0 ? 0 : 1;
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }

    private static List<(Lane Lane, string Workload)> Checked(Work work, List<Lane> lanes, Results results)
    {
        Console.Error.WriteLine($"checking {work.Name}");
        var contestants = new List<(Lane Lane, string Workload)>();
        foreach (Lane lane in lanes)
        {
            string[] names = lane.Name switch
            {
                Jit => [.. work.Ours, .. work.Native],
                Python => work.Python,
                _ => work.Ours,
            };
            foreach (string workload in names.Select(contestant => $"{work.Name}/{contestant}"))
            {
                string[] answer = lane.Ask($"check {workload}").Split(' ', 3);
                switch (answer[0])
                {
                    case "ok":
                        contestants.Add((lane, workload));
                        if (answer[1] != "-")
                        {
                            results.AddDigest(lane.Name, workload, answer[1]);
                        }

                        if (answer[2] != "-" && lane.Name == Jit)
                        {
                            results.Notes[workload] = answer[2];
                        }

                        break;
                    case "missing":
                        results.Missing.Add($"{lane.Name}, {workload}: not measured, {string.Join(' ', answer[1..])}");
                        break;
                    default:
                        results.Wrong.Add($"{lane.Name}, {workload}: {string.Join(' ', answer)}");
                        break;
                }
            }
        }

        results.Wrong.AddRange(work.Ours.Select(contestant => $"{work.Name}/{contestant}")
            .Where(workload => !results.SameEverywhere(workload)).Select(workload => $"{workload}: the lanes give different tensors"));
        return contestants;
    }

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
