using SafetySdk.Classification;

namespace SafetySdk.Pipeline;

/// <summary>One picture of a request and all that was found about it.</summary>
internal sealed record ExaminedImage(string Source)
{
    /// <summary>Signals of the picture itself, with <see cref="Signal.Source"/> set.</summary>
    public IReadOnlyList<Signal> Signals { get; init; } = [];

    public IReadOnlyList<CheckFailure> Failures { get; init; } = [];

    public IReadOnlyList<CheckNote> Notes { get; init; } = [];

    /// <summary>The text read in the picture, one line a line; null where there is none.</summary>
    public string? Text { get; init; }

    /// <summary>Names of the objects seen in the picture, each once, in ordinal order; empty where there is none.</summary>
    public IReadOnlyList<string> Objects { get; init; } = [];

    public bool IsKnown => Signals.Any(static s => s.Category == SafetyCategory.KnownContent);

    public ExaminedImage Failed(string check, CheckFailureKind kind, string message, params SafetyCategory[] categories)
        => this with
        {
            Failures = [.. Failures, new CheckFailure(check, kind, message) { Source = Source, Categories = categories }],
        };

    public ExaminedImage Noted(string check, string message)
        => this with { Notes = [.. Notes, new CheckNote(check, message) { Source = Source }] };
}
