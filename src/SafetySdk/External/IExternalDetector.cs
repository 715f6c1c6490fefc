using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.External;

/// <summary>What an external detector looks at.</summary>
[Flags]
public enum ExternalInputs
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Texts: prompts, turns, text read in pictures.</summary>
    Text = 1,

    /// <summary>Pictures, as the files that they are.</summary>
    Images = 2,
}

/// <summary>
/// A detector or matcher that is not ours: a licensed classifier, PhotoDNA, a matching service, a hosted moderation endpoint. It is called
/// through a <see cref="GuardedDetector"/>, which bounds its time and checks its answer. Implementations are thread-safe.
/// </summary>
public interface IExternalDetector
{
    /// <summary>Name, for verdicts.</summary>
    string Name { get; }

    /// <summary>Version of its model or list, for verdicts; a reply may name a newer one.</summary>
    string Version { get; }

    /// <summary>What it looks at.</summary>
    ExternalInputs Inputs { get; }

    /// <summary>The categories that it reports. A finding of any other is refused as a fault.</summary>
    IReadOnlyList<SafetyCategory> Categories { get; }

    /// <summary>Looks at one text or one picture.</summary>
    /// <param name="query">What to look at. Its bytes belong to the caller; do not keep them after the call.</param>
    /// <param name="cancellationToken">Cancelled at the deadline; an answer that comes later is not read.</param>
    /// <returns>What was found. Any exception is a failed check; its message is not passed on.</returns>
    ValueTask<ExternalReply> ExamineAsync(ExternalQuery query, CancellationToken cancellationToken);
}

/// <summary>One text or one picture for an external detector.</summary>
public sealed record ExternalQuery
{
    /// <summary>The stage that asks.</summary>
    public required Stage Stage { get; init; }

    /// <summary>What was asked for.</summary>
    public required Operation Operation { get; init; }

    /// <summary>What this is: <c>prompt</c>, <c>image 0</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The text; null for a picture.</summary>
    public string? Text { get; init; }

    /// <summary>The picture as a file; empty for a text.</summary>
    public ReadOnlyMemory<byte> Image { get; init; }

    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(ExternalQuery)} {{ {Stage}, {Operation}, {Source} }}";
}

/// <summary>Something that an external detector saw.</summary>
/// <param name="Category">What it is about.</param>
/// <param name="Score">Strength, 0 to 1.</param>
public sealed record ExternalFinding(SafetyCategory Category, double Score)
{
    /// <summary>What a <see cref="SafetyCategory.KnownContent"/> finding stands on; it bounds the score.</summary>
    public MatchBasis Basis { get; init; }

    /// <summary>Where in the picture, if in a part of it.</summary>
    public ImageRegion? Region { get; init; }

    /// <summary>Where in the text, if in a part of it.</summary>
    public TextSpan? Span { get; init; }
}

/// <summary>The answer of an external detector.</summary>
/// <param name="Findings">What was found; empty for nothing.</param>
public sealed record ExternalReply(IReadOnlyList<ExternalFinding> Findings)
{
    /// <summary>Version of the model or list that answered; null for <see cref="IExternalDetector.Version"/>.</summary>
    public string? Version { get; init; }
}

/// <summary>What is left of an answer once it was checked.</summary>
/// <param name="Signals">What was found.</param>
/// <param name="Failure">Why the check was not completed; null where it was.</param>
public sealed record ExternalOutcome(IReadOnlyList<Signal> Signals, CheckFailure? Failure);
