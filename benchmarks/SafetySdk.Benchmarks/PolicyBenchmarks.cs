using BenchmarkDotNet.Attributes;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Benchmarks;

/// <summary>What the policy alone costs for the signals of one stage.</summary>
[MemoryDiagnoser]
public class PolicyBenchmarks
{
    private static readonly Signal[] Picture =
    [
        Seen(SafetyCategory.Sexual, 0.1, Modality.Image), Seen(SafetyCategory.SexualSuggestive, 0.2, Modality.Image),
        Seen(SafetyCategory.PersonPhoto, 0.9, Modality.Image), Seen(SafetyCategory.PersonPhoto, 0.8, Modality.Image),
        Seen(SafetyCategory.Photorealistic, 0.9, Modality.Image),
    ];

    private static readonly Signal[] Words =
    [
        Seen(SafetyCategory.Violence, 0.75, Modality.Text), Seen(SafetyCategory.PublicFigure, 0.9, Modality.Text),
        Seen(SafetyCategory.Weapons, 0.4, Modality.Text),
    ];

    private readonly SafetyPolicy _policy = SafetyPolicy.BuiltIn("balanced");

    private readonly PolicyQuery _quiet = new() { Stage = Stage.Upload, Operation = Operation.Edit, Age = AgeBand.Teen, Signals = Picture };

    private readonly PolicyQuery _firing = new()
    {
        Stage = Stage.Prompt,
        Operation = Operation.Edit,
        Age = AgeBand.Teen,
        Signals = Words,
        Earlier = Picture,
        Contexts = [new ContextFinding(SafetyContext.News, 1, "host")],
    };

    [GlobalSetup]
    public void Setup()
    {
        if (NoRuleFires().Reasons.Count > 0 || RulesFire().Reasons.Count == 0)
        {
            throw new InvalidOperationException("The policy does not answer as expected: there is nothing to time.");
        }
    }

    [Benchmark(Baseline = true)]
    public PolicyOutcome NoRuleFires() => PolicyEngine.Evaluate(_policy, _quiet);

    [Benchmark]
    public PolicyOutcome RulesFire() => PolicyEngine.Evaluate(_policy, _firing);

    private static Signal Seen(SafetyCategory category, double score, Modality modality) => new(category, score, "detector", "1") { Modality = modality };
}
