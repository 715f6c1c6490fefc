using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>What a pipeline is made of.</summary>
public sealed record SafetyPipelineParts
{
    /// <summary>The policy.</summary>
    public required SafetyPolicy Policy { get; init; }

    /// <summary>Decoder; where it is missing, every picture is a failed check.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>Image detectors; where they are missing, every picture is a failed check.</summary>
    public IImageAnalyzer? Analyzer { get; init; }

    /// <summary>Prompt classifiers, all of which are run; where there is none, every text is a failed check.</summary>
    public IReadOnlyList<IPromptClassifier> PromptClassifiers { get; init; } = [];

    /// <summary>Lists of known content. None means that known content is not looked for.</summary>
    public IReadOnlyList<IKnownContentMatcher> Matchers { get; init; } = [];

    /// <summary>Bounds on pictures.</summary>
    public ImageLimits ImageLimits { get; init; } = ImageLimits.Default;
}
