using SafetySdk.Monitoring;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>What the host's models are told when they may be called. Owns nothing.</summary>
public sealed record ModelCall
{
    /// <summary>The request; with the rewritten prompt where the chat model wrote one that passed.</summary>
    public required SafetyRequest Request { get; init; }

    /// <summary><see cref="Decision.Allow"/>, or <see cref="Decision.Transform"/>: then the prompt has to be rewritten.</summary>
    public required Decision Decision { get; init; }

    /// <summary>What the host has to do, such as <see cref="RequiredAction.TransformPrompt"/>.</summary>
    public required IReadOnlyList<RequiredAction> Actions { get; init; }

    /// <summary>What the host should say or observe.</summary>
    public required IReadOnlyList<Advisory> Advice { get; init; }

    /// <summary>The rules that ask for a rewriting, and all others that fired.</summary>
    public required IReadOnlyList<VerdictReason> Reasons { get; init; }

    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(ModelCall)} {{ {Decision}, {Request} }}";
}

/// <summary>What the host's chat model answered.</summary>
public sealed record ChatReply
{
    /// <summary>Whether it refused. A refusal is passed on, whatever the policy says: nothing is generated.</summary>
    public bool Refused { get; init; }

    /// <summary>The prompt that it wrote for the generator; null for the user's own. It is checked like the user's.</summary>
    public string? Prompt { get; init; }

    /// <summary>What it says to the user; null for nothing. It is checked as an output.</summary>
    public string? Text { get; init; }

    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(ChatReply)} {{ {(Refused ? "refused" : "answered")} }}";
}

/// <summary>What the host's generator made.</summary>
public sealed record GeneratorReply
{
    /// <summary>The pictures, as files.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Images { get; init; } = [];

    /// <summary>Whether it refused.</summary>
    public bool Refused { get; init; }

    /// <summary>
    /// The prompt that it used; null for the one that it was given. Where the decision was <see cref="Decision.Transform"/> it must be
    /// given, and it is checked: without a rewritten prompt that passes, nothing is handed on.
    /// </summary>
    public string? PromptUsed { get; init; }

    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(GeneratorReply)} {{ {Images.Count} images{(Refused ? ", refused" : string.Empty)} }}";
}

/// <summary>Calls the host's chat model.</summary>
/// <param name="call">What was asked for and found.</param>
/// <param name="cancellationToken">Cancelled when the caller gives up.</param>
public delegate ValueTask<ChatReply> SafetyChat(ModelCall call, CancellationToken cancellationToken);

/// <summary>Calls the host's generator.</summary>
/// <param name="call">What was asked for and found.</param>
/// <param name="cancellationToken">Cancelled when the caller gives up.</param>
public delegate ValueTask<GeneratorReply> SafetyGenerator(ModelCall call, CancellationToken cancellationToken);

/// <summary>How a run ended.</summary>
public enum RunOutcome
{
    /// <summary>The request did not pass: no model was called, or no generator with what the chat model wrote.</summary>
    Stopped = 0,

    /// <summary>The chat model or the generator refused.</summary>
    Refused,

    /// <summary>The models made nothing.</summary>
    NothingMade,

    /// <summary>Nothing of what was made passed.</summary>
    Withheld,

    /// <summary>A part of what was made passed.</summary>
    PartlyDelivered,

    /// <summary>All that was made passed.</summary>
    Delivered,
}

/// <summary>What came of a request that was run through the host's models.</summary>
public sealed record SafetyRun
{
    /// <summary>How it ended.</summary>
    public required RunOutcome Outcome { get; init; }

    /// <summary>The verdict over everything, outputs that were withheld included: it may be a block though some outputs passed.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The verdict before the prompt was rewritten; null where it was not.</summary>
    public Verdict? BeforeRewrite { get; init; }

    /// <summary>The pictures that passed, in the generator's order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Images { get; init; } = [];

    /// <summary>What the chat model says to the user, where it passed; null otherwise.</summary>
    public string? Text { get; init; }

    /// <summary>How many pictures did not pass.</summary>
    public int WithheldImages { get; init; }

    /// <summary>What the safety monitor found, with its rationale. For reviewers: a rationale may quote content.</summary>
    public IReadOnlyList<MonitorFinding> MonitorFindings { get; init; } = [];

    /// <summary>Names no content.</summary>
    public override string ToString()
        => $"{nameof(SafetyRun)} {{ {Outcome}, {Verdict.Decision}, {Images.Count} images, {WithheldImages} withheld }}";
}
