using SafetySdk.Classification;

namespace SafetySdk.Pipeline;

/// <summary>The stages of a pipeline, built once.</summary>
internal sealed class PipelineStages
{
    public PipelineStages(SafetyPipelineParts parts)
    {
        Parts = parts;
        var external = new ExternalExamination(parts.ExternalDetectors);
        var texts = new TextExamination(parts.PromptClassifiers, external);
        var examination = new ImageExamination(
            new ImageLoading(parts.Decoder, parts.Matchers, parts.ImageLimits, parts.Options), parts.Analyzer, external);
        Account = new AccountGate(parts.Options.LooksUpAccounts ? parts.Accounts : null);
        Upload = new UploadCheck(examination);
        Prompt = new PromptCheck(texts);
        Joint = new JointCheck(texts);
        Output = new OutputCheck(examination, texts);
        Monitor = parts.Monitor is { } monitor ? new MonitorCheck(monitor, parts.MonitorOptions, parts.Clock) : null;
    }

    public SafetyPipelineParts Parts { get; }

    public AccountGate Account { get; }

    public UploadCheck Upload { get; }

    public PromptCheck Prompt { get; }

    public JointCheck Joint { get; }

    public OutputCheck Output { get; }

    public MonitorCheck? Monitor { get; }

    /// <summary>Whether every check computes, so that a request can be checked on the calling thread.</summary>
    public bool IsLocal => Parts.ExternalDetectors.Count == 0 && Monitor is null;

    public List<DetectorVersion> Detectors(SafetyRequest request)
    {
        var detectors = new List<DetectorVersion>();
        if (request.Images.Count + request.OutputImages.Count > 0)
        {
            if (Parts.Decoder is { } decoder)
            {
                detectors.Add(new DetectorVersion(decoder.Name, decoder.Version));
            }

            detectors.AddRange(Parts.Matchers.SelectMany(m => m.Lists).Select(l => new DetectorVersion($"list:{l.Name}", l.Digest)));
            if (Parts.Analyzer is { } analyzer)
            {
                detectors.AddRange(analyzer.Detectors);
            }
        }

        detectors.AddRange(Parts.PromptClassifiers.Select(c => new DetectorVersion(c.Name, c.Version)));
        detectors.AddRange(Parts.ExternalDetectors.Select(d => d.Detector));
        if (Parts.Monitor is { } monitor)
        {
            detectors.Add(new DetectorVersion(monitor.Name, monitor.Version));
        }

        return detectors;
    }
}
