namespace SafetySdk.Classification;

/// <summary>A rectangle of the picture as displayed, in pixels from its top left corner.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public readonly record struct ImageRegion(double X, double Y, double Width, double Height);

/// <summary>A stretch of the text as it was given, in UTF-16 code units.</summary>
/// <param name="Start">First unit.</param>
/// <param name="Length">Units.</param>
public readonly record struct TextSpan(int Start, int Length);

/// <summary>What kind of input shows something.</summary>
public enum Modality
{
    /// <summary>Not said. Rules for every kind apply, so that a forgotten value never softens.</summary>
    Unspecified = 0,

    /// <summary>Text, typed or read in a picture.</summary>
    Text,

    /// <summary>What a picture shows.</summary>
    Image,

    /// <summary>Text and picture together, neither alone.</summary>
    Joint,
}

/// <summary>Something that a detector saw. A signal never decides: the policy does.</summary>
/// <param name="Category">What it is about.</param>
/// <param name="Score">Strength, 0 to 1.</param>
/// <param name="Detector">Name of the detector.</param>
/// <param name="Version">Version of the detector, its model or its list.</param>
public sealed record Signal(SafetyCategory Category, double Score, string Detector, string Version)
{
    /// <summary>What kind of input shows it; set by the stage. Where it is not said, rules for every kind apply.</summary>
    public Modality Modality { get; init; }

    /// <summary>Where in the picture, if in a part of it.</summary>
    public ImageRegion? Region { get; init; }

    /// <summary>Where in the text, if in a text.</summary>
    public TextSpan? Span { get; init; }

    /// <summary>
    /// What was looked at: <c>prompt</c>, <c>image 0</c>, <c>output image 0</c>, <c>text in image 0</c>; set by the stage.
    /// </summary>
    public string? Source { get; init; }
}

/// <summary>Why a check could not be completed.</summary>
public enum CheckFailureKind
{
    /// <summary>The input cannot be read as what it claims to be, or exceeds a limit.</summary>
    InvalidInput,

    /// <summary>Something the check needs is missing or damaged: a model, a native library.</summary>
    Unavailable,

    /// <summary>The check ran out of time.</summary>
    TimedOut,

    /// <summary>A fault of ours or of a detector.</summary>
    Fault,
}

/// <summary>A check that could not be completed. It is never taken for "nothing found".</summary>
/// <param name="Check">Name of the check or detector.</param>
/// <param name="Kind">Why.</param>
/// <param name="Message">What happened, where and what to do; never content.</param>
public sealed record CheckFailure(string Check, CheckFailureKind Kind, string Message)
{
    /// <summary>What was looked at, as in <see cref="Signal.Source"/>.</summary>
    public string? Source { get; init; }

    /// <summary>The categories that the check would have reported; empty means that it could have been any.</summary>
    public IReadOnlyList<SafetyCategory> Categories { get; init; } = [];

    /// <summary>
    /// Whether the failure blocks even where the policy only asks for a review: the rule of an external detector. False leaves it to the
    /// policy; nothing makes it milder than the policy says.
    /// </summary>
    public bool Blocks { get; init; }
}

/// <summary>Something that whoever reads a verdict should know, and that decides nothing: what a check could not compare or left
/// out.</summary>
/// <param name="Check">Name of the check.</param>
/// <param name="Message">What was seen; never content.</param>
public sealed record CheckNote(string Check, string Message)
{
    /// <summary>What was looked at, as in <see cref="Signal.Source"/>.</summary>
    public string? Source { get; init; }
}
