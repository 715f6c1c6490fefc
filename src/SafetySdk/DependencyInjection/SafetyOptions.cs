using SafetySdk.Images;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts.Learned;

namespace SafetySdk;

/// <summary>How the pipeline of a service is set up. Read once, when the pipeline is first resolved; not thread-safe.</summary>
public sealed class SafetyOptions
{
    /// <summary>Name of a built-in policy, or path of a policy document. Default <c>balanced</c>.</summary>
    public string Policy { get; set; } = "balanced";

    /// <summary>A policy that is at hand already, in place of <see cref="Policy"/>; null for that one.</summary>
    public SafetyPolicy? PolicyDocument { get; set; }

    /// <summary>Folder with models and native libraries; null to look for it (<see cref="SafetyHome.Find"/>).</summary>
    public string? Home { get; set; }

    /// <summary>Index files or list files of known content.</summary>
    public IList<string> Lists { get; } = [];

    /// <summary>Files with names of people: who opted out, public figures, private people (<see cref="Prompts.NameListClassifier"/>).</summary>
    public IList<string> NameLists { get; } = [];

    /// <summary>What kind of text users write, by which the learned prompt classifier sets its thresholds. Default: any.</summary>
    public PromptSurface PromptSurface { get; set; } = PromptSurface.Any;

    /// <summary>Bounds on pictures.</summary>
    public ImageLimits ImageLimits { get; set; } = ImageLimits.Default;

    /// <summary>When a safety monitor that fails is not asked for a while.</summary>
    public MonitorOptions Monitor { get; set; } = MonitorOptions.Default;

    /// <summary>Deadlines of stages, early stop, frames of animations.</summary>
    public PipelineOptions Pipeline { get; set; } = PipelineOptions.Default;
}
