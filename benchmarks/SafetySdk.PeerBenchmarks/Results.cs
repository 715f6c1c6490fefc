namespace SafetySdk.PeerBenchmarks;

/// <summary>What was measured, by lane and workload: a best and a median of every round, in nanoseconds.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Lane, string Workload), List<(double Best, double Median)>> _rounds = [];
    private readonly Dictionary<(string Lane, string Workload), string> _digests = [];

    /// <summary>What was found while the answers of the first lane and of the peers were checked, by workload.</summary>
    public Dictionary<string, string> Notes { get; } = [];

    /// <summary>What was not measured, and why.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Answers that are wrong; the run fails.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Adds a round.</summary>
    public void Add(string lane, string workload, double best, double median)
    {
        if (!_rounds.TryGetValue((lane, workload), out List<(double, double)>? rounds))
        {
            _rounds[(lane, workload)] = rounds = [];
        }

        rounds.Add((best, median));
    }

    /// <summary>Notes the digest of an output.</summary>
    public void AddDigest(string lane, string workload, string digest) => _digests[(lane, workload)] = digest;

    /// <summary>Whether every lane that has the workload gave the same bytes.</summary>
    public bool SameEverywhere(string workload)
        => _digests.Where(d => d.Key.Workload == workload).Select(d => d.Value).Distinct().Count() <= 1;

    /// <summary>The best of all rounds, nanoseconds; null where it was not measured.</summary>
    public double? Best(string lane, string workload) => _rounds.TryGetValue((lane, workload), out var rounds) ? rounds.Min(r => r.Best) : null;

    /// <summary>The median of the rounds' medians, nanoseconds; null where it was not measured.</summary>
    public double? Median(string lane, string workload)
        => _rounds.TryGetValue((lane, workload), out var rounds) ? Middle(rounds.Select(r => r.Median)) : null;

    /// <summary>One workload's time in units of another's: of the bests, and the median of the rounds' own ratios.</summary>
    public (double OfBests, double Paired)? Ratio(string lane, string workload, string unitLane, string unit)
        => _rounds.TryGetValue((lane, workload), out var rounds) && _rounds.TryGetValue((unitLane, unit), out var units)
            ? (rounds.Min(r => r.Best) / units.Min(r => r.Best), Middle(rounds.Zip(units, (a, b) => a.Median / b.Median)))
            : null;

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
