namespace SafetySdk.Classification;

/// <summary>Whether a photograph shows a real person. Child wins over adult; a score band that straddles 18 counts as child.</summary>
public enum PersonPresence
{
    /// <summary>Not determined: a detector failed.</summary>
    Unknown,

    /// <summary>No real person.</summary>
    None,

    /// <summary>Adults only.</summary>
    Adult,

    /// <summary>At least one child.</summary>
    Child,
}

/// <summary>A face.</summary>
/// <param name="Box">Bounding box.</param>
/// <param name="Score">Detector score, 0 to 1.</param>
/// <param name="Age">Estimated years; null where the face is too small to judge.</param>
/// <param name="Under18">Probability of being under 18, 0 to 1; null where the face is too small to judge.</param>
public sealed record FaceFinding(ImageRegion Box, double Score, double? Age, double? Under18);

/// <summary>An object of a known class.</summary>
/// <param name="Label">Class name, for example <c>knife</c>.</param>
/// <param name="Score">Detector score, 0 to 1.</param>
/// <param name="Box">Bounding box.</param>
public sealed record ObjectFinding(string Label, double Score, ImageRegion Box);

/// <summary>A corner of a quadrilateral, in pixels.</summary>
/// <param name="X">Right of the left edge.</param>
/// <param name="Y">Below the top edge.</param>
public readonly record struct ImagePoint(double X, double Y);

/// <summary>A line of text in a picture.</summary>
/// <param name="Text">The text as read.</param>
/// <param name="Confidence">Mean character confidence, 0 to 1.</param>
/// <param name="Box">Four corners: top left, top right, bottom right, bottom left, as the text is read.</param>
public sealed record TextLine(string Text, double Confidence, IReadOnlyList<ImagePoint> Box)
{
    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(TextLine)} {{ {Text.Length} characters }}";
}

/// <summary>All that the detectors saw in one picture.</summary>
public sealed record ImageAnalysis
{
    /// <summary>Whether a real person is shown.</summary>
    public required PersonPresence Person { get; init; }

    /// <summary>How likely the picture is a photograph, 0 (drawing, render, text) to 1.</summary>
    public required double Photo { get; init; }

    /// <summary>What was seen, by category.</summary>
    public required IReadOnlyList<Signal> Signals { get; init; }

    /// <summary>Faces, strongest first.</summary>
    public IReadOnlyList<FaceFinding> Faces { get; init; } = [];

    /// <summary>Objects, strongest first.</summary>
    public IReadOnlyList<ObjectFinding> Objects { get; init; } = [];

    /// <summary>Lines of text, in reading order.</summary>
    public IReadOnlyList<TextLine> Text { get; init; } = [];

    /// <summary>Detectors that could not do their work on this picture.</summary>
    public IReadOnlyList<CheckFailure> Failures { get; init; } = [];
}
