using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Monitoring;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Requests;

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

    /// <summary>Words prompts anew where the policy asks for that; null, the default, offers nothing.</summary>
    public PromptRewriter? Rewriter { get; init; }

    /// <summary>Lists of known content. None means that known content is not looked for.</summary>
    public IReadOnlyList<IKnownContentMatcher> Matchers { get; init; } = [];

    /// <summary>Bounds on pictures.</summary>
    public ImageLimits ImageLimits { get; init; } = ImageLimits.Default;

    /// <summary>Detectors and matchers that are not ours, all of which are asked.</summary>
    public IReadOnlyList<GuardedDetector> ExternalDetectors { get; init; } = [];

    /// <summary>The safety monitor; null for none.</summary>
    public ISafetyMonitor? Monitor { get; init; }

    /// <summary>When the safety monitor is not asked for a while.</summary>
    public MonitorOptions MonitorOptions { get; init; } = MonitorOptions.Default;

    /// <summary>
    /// Where accounts are looked up before a check; null, the default, for nowhere: then the request alone says who asks. A request without
    /// an account is not looked up.
    /// </summary>
    public IAccountLookup? Accounts { get; init; }

    /// <summary>Who is told of every finished verdict.</summary>
    public IReadOnlyList<ISafetyRecorder> Recorders { get; init; } = [];

    /// <summary>Time limits, early stop, frames of animations.</summary>
    public PipelineOptions Options { get; init; } = PipelineOptions.Default;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
