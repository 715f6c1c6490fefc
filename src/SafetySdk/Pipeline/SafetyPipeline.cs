using System.Diagnostics;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>
/// Checks a request stage by stage: account, upload, prompt, joint, output. Stages make signals, the policy engine makes decisions.
/// </summary>
/// <remarks>Thread-safe; one pipeline serves all callers. The parts given to the constructor stay the caller's to dispose.</remarks>
public sealed class SafetyPipeline
{
    private readonly SafetyPipelineParts _parts;
    private readonly UploadCheck _uploadCheck;
    private readonly PromptCheck _promptCheck;
    private readonly JointCheck _jointCheck;
    private readonly OutputCheck _outputCheck;

    /// <summary>Builds a pipeline.</summary>
    /// <param name="parts">What it is made of. A part that is missing makes every check that needs it fail, never pass.</param>
    public SafetyPipeline(SafetyPipelineParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _parts = parts;
        var texts = new TextExamination(parts.PromptClassifiers);
        var examination = new ImageExamination(parts.Decoder, parts.Analyzer, parts.Matchers, parts.ImageLimits);
        _uploadCheck = new UploadCheck(examination);
        _promptCheck = new PromptCheck(texts);
        _jointCheck = new JointCheck(texts);
        _outputCheck = new OutputCheck(examination, texts);
    }

    /// <summary>The policy in force.</summary>
    public SafetyPolicy Policy => _parts.Policy;

    /// <summary>Checks a request on the thread pool. See <see cref="Check"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckAsync(SafetyRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => Check(request, cancellationToken), cancellationToken);
    }

    /// <summary>Checks a request on the calling thread.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>The verdict. A part of the request that cannot be read, and a check that cannot be completed, are in it as
    /// failures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The operation, the age band or a context is not a defined one.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Verdict Check(SafetyRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!Enum.IsDefined(request.Operation) || !Enum.IsDefined(request.Age) || !request.Contexts.All(Enum.IsDefined))
        {
            // A rule for edits or for minors would silently not apply.
            throw new ArgumentOutOfRangeException(nameof(request), "The operation, the age band or a context is not a defined one.");
        }

        var run = new PipelineRun(_parts.Policy, request);
        IReadOnlyList<ExaminedImage> uploads = [];

        run.Stage(Policies.Stage.Account, () => AccountGate.Check(request.Age));
        run.Stage(Policies.Stage.Upload, () => _uploadCheck.Check(request, out uploads, cancellationToken));
        IReadOnlyList<Signal> text = run.Stage(Policies.Stage.Prompt, () => _promptCheck.Check(request, uploads)).Signals;
        cancellationToken.ThrowIfCancellationRequested();
        run.Stage(Policies.Stage.Joint, () => _jointCheck.Check(request, uploads, text));
        run.Stage(Policies.Stage.Output, () => _outputCheck.Check(request, text, cancellationToken));
        return run.ToVerdict(Detectors(request));
    }

    private List<DetectorVersion> Detectors(SafetyRequest request)
    {
        var detectors = new List<DetectorVersion>();
        if (request.Images.Count + request.OutputImages.Count > 0)
        {
            if (_parts.Decoder is { } decoder)
            {
                detectors.Add(new DetectorVersion(decoder.Name, decoder.Version));
            }

            detectors.AddRange(_parts.Matchers.SelectMany(m => m.Lists).Select(l => new DetectorVersion($"list:{l.Name}", l.Digest)));
            if (_parts.Analyzer is { } analyzer)
            {
                detectors.AddRange(analyzer.Detectors);
            }
        }

        detectors.AddRange(_parts.PromptClassifiers.Select(c => new DetectorVersion(c.Name, c.Version)));
        return detectors;
    }

    /// <summary>One check under way: applies the policy after each stage and collects the verdict.</summary>
    private sealed class PipelineRun(SafetyPolicy policy, SafetyRequest request)
    {
        private readonly List<StageOutcome> _stages = [];
        private readonly List<VerdictReason> _reasons = [];
        private readonly List<RequiredAction> _actions = [];
        private readonly List<CheckFailure> _failures = [];
        private readonly List<Advisory> _advice = [];
        private readonly List<Signal> _seen = [];
        private readonly ContextFinding[] _contexts = [.. request.Contexts.Distinct().Select(c => new ContextFinding(c, 1, "host"))];
        private Decision _decision = Decision.NotChecked;
        private bool _decided;

        public StageResult Stage(Stage stage, Func<StageResult> check)
        {
            if (_decided)
            {
                _stages.Add(new StageOutcome(stage, Decision.NotChecked, TimeSpan.Zero));
                return StageResult.NothingToCheck;
            }

            long start = Stopwatch.GetTimestamp();
            StageResult result = check();
            PolicyOutcome outcome = result.Checked
                ? PolicyEngine.Evaluate(policy, new PolicyQuery
                {
                    Stage = stage,
                    Operation = request.Operation,
                    Age = request.Age,
                    Signals = result.Signals,
                    Earlier = _seen,
                    Failures = result.Failures,
                    Contexts = _contexts,
                })
                : new PolicyOutcome(Decision.NotChecked, [], []);
            _stages.Add(new StageOutcome(stage, outcome.Decision, Stopwatch.GetElapsedTime(start)));
            _reasons.AddRange(outcome.Reasons);
            _actions.AddRange(outcome.Actions.Except(_actions));
            _advice.AddRange(outcome.Advice.Except(_advice));
            _failures.AddRange(result.Failures);
            _seen.AddRange(result.Signals);

            // The account gate allows an account, not a request: alone it never makes a request allowed.
            if (stage != Policies.Stage.Account || outcome.Decision > Decision.Allow)
            {
                _decision = outcome.Decision > _decision ? outcome.Decision : _decision;
            }

            // Nothing further can change the outcome of a denied account or of known content, and nobody should look longer.
            _decided = outcome.Reasons.Any(r => r.Category is SafetyCategory.UnderageAccount or SafetyCategory.AccountDenied or SafetyCategory.KnownContent);
            return result;
        }

        public Verdict ToVerdict(IReadOnlyList<DetectorVersion> detectors)
        {
            VerdictReason[] reasons =
            [
                .. _reasons.OrderByDescending(r => r.Decision).ThenBy(r => r.Stage).ThenBy(r => r.Rule, StringComparer.Ordinal)
                    .ThenByDescending(r => r.Score),
            ];
            return new Verdict
            {
                Decision = _decision,
                Reasons = reasons,
                Actions = _actions,
                Advice = _advice,
                Help = _actions.Contains(RequiredAction.OfferHelp) ? HelpResource.For(policy.Help, request.Locale) : null,
                Refusal = Refusals.CodeOf(_decision, reasons),
                Failures = _failures,
                Stages = _stages,
                PolicyName = policy.Name,
                PolicyDigest = policy.Digest,
                Detectors = detectors,
                Id = Guid.CreateVersion7().ToString("N"),
            };
        }
    }
}
