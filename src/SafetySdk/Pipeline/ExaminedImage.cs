using SafetySdk.Classification;

namespace SafetySdk.Pipeline;

/// <summary>One picture of a request and all that was found about it.</summary>
internal sealed record ExaminedImage(string Source)
{
    /// <summary>Null where the detectors did not run.</summary>
    public ImageAnalysis? Analysis { get; init; }

    /// <summary>Signals of the picture itself, with <see cref="Signal.Source"/> set.</summary>
    public IReadOnlyList<Signal> Signals { get; init; } = [];

    public IReadOnlyList<CheckFailure> Failures { get; init; } = [];

    /// <summary>The text read in the picture, one line a line; null where there is none.</summary>
    public string? Text => Analysis is { Text.Count: > 0 } ? string.Join('\n', Analysis.Text.Select(l => l.Text)) : null;
}
