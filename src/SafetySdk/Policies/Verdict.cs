using SafetySdk.Classification;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Policies;

/// <summary>Why a rule fired.</summary>
/// <param name="Rule">Name of the rule.</param>
/// <param name="Category">What it is about.</param>
/// <param name="Stage">Where it was seen.</param>
/// <param name="Decision">What the rule asks for.</param>
/// <param name="Score">Strength of the signal, 0 to 1; 1 for a failed check.</param>
/// <param name="Threshold">Least score that fires the rule.</param>
/// <param name="Detector">Detector that saw it.</param>
/// <param name="Version">Version of that detector.</param>
public sealed record VerdictReason(
    string Rule, SafetyCategory Category, Stage Stage, Decision Decision, double Score, double Threshold, string Detector, string Version)
{
    /// <summary>Where in the picture.</summary>
    public ImageRegion? Region { get; init; }

    /// <summary>Where in the text.</summary>
    public TextSpan? Span { get; init; }

    /// <summary>What was looked at, as in <see cref="Signal.Source"/>.</summary>
    public string? Source { get; init; }

    /// <summary>The context that made the rule ask for less than it otherwise does; null where none did.</summary>
    public SafetyContext? SoftenedBy { get; init; }

    /// <summary>The reason in plain words.</summary>
    public string? Why { get; init; }
}

/// <summary>What one stage decided.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Decision"><see cref="Decision.NotChecked"/> where the stage had nothing to look at or an earlier stage made it
/// pointless.</param>
/// <param name="Duration">Time spent.</param>
public sealed record StageOutcome(Stage Stage, Decision Decision, TimeSpan Duration);

/// <summary>The answer of the pipeline: what is to happen and why. A return value, never an exception. Immutable, holds no content but the
/// rewrite that it offers, which neither JSON nor records take over.</summary>
public sealed record Verdict
{
    /// <summary>The strictest decision of all stages.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Every rule that fired, strictest first.</summary>
    public required IReadOnlyList<VerdictReason> Reasons { get; init; }

    /// <summary>What the host has to do, each once.</summary>
    public required IReadOnlyList<RequiredAction> Actions { get; init; }

    /// <summary>What the host should say or observe where it answers, each once.</summary>
    public IReadOnlyList<Advisory> Advice { get; init; } = [];

    /// <summary>Where the user finds help, with <see cref="RequiredAction.OfferHelp"/>; null without.</summary>
    public HelpResource? Help { get; init; }

    /// <summary>
    /// Another wording that passes the same checks, where the decision is <see cref="Decision.Transform"/> and one is known; null otherwise.
    /// Never applied: the host may offer it to the user, and what comes back is a new request.
    /// </summary>
    public OfferedRewrite? Rewrite { get; init; }

    /// <summary>
    /// What the user may be told, as a code that gives no rule away (<see cref="Refusals"/>); null where the decision is
    /// <see cref="Decision.Allow"/>.
    /// </summary>
    public RefusalCode? Refusal { get; init; }

    /// <summary>Checks that could not be completed. While there is one, the decision is not <see cref="Decision.Allow"/>.</summary>
    public required IReadOnlyList<CheckFailure> Failures { get; init; }

    /// <summary>What else there is to know; decides nothing.</summary>
    public IReadOnlyList<CheckNote> Notes { get; init; } = [];

    /// <summary>The stages in order.</summary>
    public required IReadOnlyList<StageOutcome> Stages { get; init; }

    /// <summary>Name of the policy.</summary>
    public required string PolicyName { get; init; }

    /// <summary>Digest of the policy, <see cref="SafetyPolicy.Digest"/>.</summary>
    public required string PolicyDigest { get; init; }

    /// <summary>Detectors that looked, with their versions.</summary>
    public required IReadOnlyList<DetectorVersion> Detectors { get; init; }

    /// <summary>Identifier of this verdict, sortable by time.</summary>
    public required string Id { get; init; }
}
