using SafetySdk.Classification;

namespace SafetySdk.Pipeline;

/// <summary>What a stage saw; the policy engine makes the decision of it.</summary>
/// <param name="Signals">What was seen.</param>
/// <param name="Failures">Checks that could not be completed.</param>
internal sealed record StageResult(IReadOnlyList<Signal> Signals, IReadOnlyList<CheckFailure> Failures)
{
    /// <summary>The stage had nothing to look at.</summary>
    public static StageResult NothingToCheck { get; } = new([], []) { Checked = false };

    public bool Checked { get; private init; } = true;

    public IReadOnlyList<CheckNote> Notes { get; init; } = [];

    /// <summary>Of the output stage: what belongs to each output, in their order; what is in none belongs to all.</summary>
    public IReadOnlyList<StageResult> Outputs { get; init; } = [];

    public static StageResult Of(IReadOnlyList<ExaminedImage> images)
        => new([.. images.SelectMany(i => i.Signals)], [.. images.SelectMany(i => i.Failures)])
        {
            Notes = [.. images.SelectMany(i => i.Notes)],
        };

    /// <summary>With more to say, as a stage that was checked.</summary>
    public StageResult With(IReadOnlyList<Signal> signals, IReadOnlyList<CheckFailure> failures)
        => signals.Count + failures.Count == 0
            ? this
            : AsChecked() with { Signals = [.. Signals, .. signals], Failures = [.. Failures, .. failures] };

    /// <summary>The same of a stage that had something to look at after all.</summary>
    public StageResult AsChecked() => this with { Checked = true };
}
