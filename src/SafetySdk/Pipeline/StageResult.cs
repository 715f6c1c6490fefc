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

    public static StageResult Of(IEnumerable<ExaminedImage> images)
        => new([.. images.SelectMany(i => i.Signals)], [.. images.SelectMany(i => i.Failures)]);
}
