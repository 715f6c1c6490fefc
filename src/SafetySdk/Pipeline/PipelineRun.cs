using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.Monitoring;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>One request under way: runs stages in order, applies the policy after each and collects the verdict.</summary>
internal sealed class PipelineRun(PipelineStages stages, SafetyRequest request, bool inline, CancellationToken cancellationToken)
{
    private static readonly PolicyOutcome NotChecked = new(Decision.NotChecked, [], []);

    private readonly List<StageRecord> _records = [];
    private readonly List<Signal> _seen = [];
    private readonly List<Signal> _gatheredMatches = [];
    private readonly List<CheckFailure> _gatheredFailures = [];
    private readonly List<CheckNote> _gatheredNotes = [];
    private readonly List<MonitorFinding> _findings = [];
    private readonly ContextFinding[] _contexts =
        request.Contexts.Count == 0 ? [] : [.. request.Contexts.Distinct().Select(c => new ContextFinding(c, 1, "host"))];

    private IReadOnlyList<ExaminedImage> _uploads = [];
    private IReadOnlyList<Signal> _text = [];
    private int _seenBeforeOutput;
    private bool _decided;

    /// <summary>The request as it is judged: with the stricter age band of request and account.</summary>
    public SafetyRequest Request { get; private set; } = request;

    /// <summary>What the look-up of the account said; null where there was none, or it failed.</summary>
    public AccountStatus? Account { get; private set; }

    /// <summary>The age band as the host said it.</summary>
    public AgeBand RequestedAge { get; private init; } = request.Age;

    /// <summary>Prompts that were rewritten since, oldest first.</summary>
    public IReadOnlyList<string> EarlierPrompts { get; private init; } = [];

    public IReadOnlyList<MonitorFinding> Findings => _findings;

    /// <summary>The strictest decision until now.</summary>
    public Decision Decision
    {
        get
        {
            Decision strictest = Decision.NotChecked;
            foreach (StageRecord record in _records)
            {
                // The account gate allows an account, not a request: alone it never makes a request allowed.
                bool counts = record.Stage != Stage.Account || record.Outcome.Decision > Decision.Allow;
                strictest = counts && record.Outcome.Decision > strictest ? record.Outcome.Decision : strictest;
            }

            return strictest;
        }
    }

    private SafetyPolicy Policy => stages.Parts.Policy;

    /// <summary>
    /// A run of a request that differs in what the stages after <paramref name="last"/> look at. What was seen until now stays evidence: a
    /// rewritten prompt is no way to be forgotten.
    /// </summary>
    public PipelineRun Continue(SafetyRequest changed, Stage last)
    {
        var run = new PipelineRun(stages, changed, inline, cancellationToken)
        {
            _uploads = _uploads,
            _text = _text,
            _decided = _decided,
            Account = Account,
            RequestedAge = RequestedAge,
            EarlierPrompts = Request.Prompt is { } before && before != changed.Prompt ? [.. EarlierPrompts, before] : EarlierPrompts,
        };
        run._records.AddRange(_records.Where(r => r.Stage <= last));
        run._seen.AddRange(_seen);
        run._findings.AddRange(_findings);
        return run;
    }

    /// <summary>A run of a changed request that knows the account and the pictures, and nothing of what was typed before.</summary>
    public PipelineRun Fresh(SafetyRequest changed)
    {
        var run = new PipelineRun(stages, changed with { OutputImages = [], OutputText = null }, inline, cancellationToken) { _uploads = _uploads };
        run._records.AddRange(_records.Where(static r => r.Stage <= Stage.Upload));
        run._seen.AddRange(_records.Where(static r => r.Stage <= Stage.Upload).SelectMany(static r => r.Result.Signals));
        return run;
    }

    public ValueTask AccountAsync()
        => StageAsync(
            Stage.Account,
            async budget =>
            {
                AccountFinding found = await stages.Account.CheckAsync(Request, budget).ConfigureAwait(false);
                if (found.Status is { } status)
                {
                    Account = status;
                    AgeBand age = status.Account.AgeFor(Request.Age);
                    Request = age == Request.Age ? Request : Request with { Age = age };
                }

                return found.Result;
            },
            judge: true);

    /// <summary>For a stage that is used alone: who is denied is denied there too.</summary>
    public ValueTask GateAsync() => stages.Account.LooksUp(Request) ? AccountAsync() : ValueTask.CompletedTask;

    public ValueTask UploadAsync(bool judge = true)
        => StageAsync(
            Stage.Upload,
            async budget =>
            {
                _uploads = await stages.Upload.ExamineAsync(Request, budget).ConfigureAwait(false);
                return UploadCheck.Check(_uploads);
            },
            judge);

    public ValueTask PromptAsync(bool judge = true)
        => StageAsync(
            Stage.Prompt,
            async budget =>
            {
                StageResult result = await stages.Prompt.CheckAsync(Request, _uploads, budget).ConfigureAwait(false);
                _text = _text.Count == 0 ? result.Signals : [.. _text, .. result.Signals];
                return result;
            },
            judge);

    public ValueTask JointAsync(bool askMonitor = true)
        => StageAsync(
            Stage.Joint, budget => stages.Joint.CheckAsync(Request, _uploads, _text, budget), judge: true, askMonitor ? stages.Monitor : null);

    public ValueTask OutputAsync()
        => StageAsync(
            Stage.Output,
            budget =>
            {
                _seenBeforeOutput = _seen.Count;
                return stages.Output.CheckAsync(Request, _text, [.. _uploads.SelectMany(static u => u.Signals)], budget);
            },
            judge: true,
            stages.Monitor);

    /// <summary>The output stage of what was made in the meantime.</summary>
    public ValueTask OutputAsync(IReadOnlyList<ReadOnlyMemory<byte>> images, string? text)
    {
        Request = Request with { OutputImages = images, OutputText = text };
        return OutputAsync();
    }

    /// <summary>Which outputs pass, each by itself and with what belongs to all of them.</summary>
    public IReadOnlyList<bool> PassedOutputs()
        => [.. _records[^1].Result.Outputs.Select(o => Passes(o.Signals, o.Failures))];

    /// <summary>Whether what belongs to all outputs passes: the text that the model answered, the safety monitor's findings.</summary>
    public bool PassedText() => Passes([], []);

    private bool Passes(IReadOnlyList<Signal> signals, IReadOnlyList<CheckFailure> failures)
    {
        StageResult output = _records[^1].Result;
        if (output.Signals.Any(static s => s.Category == SafetyCategory.KnownContent))
        {
            // Known content among them: nobody gets anything.
            return false;
        }

        var own = new HashSet<object>(output.Outputs.SelectMany(static o => o.Signals.Concat<object>(o.Failures)), ReferenceEqualityComparer.Instance);
        return Evaluate(
            Stage.Output,
            [.. signals, .. output.Signals.Where(s => !own.Contains(s))],
            _seen.GetRange(0, _seenBeforeOutput),
            [.. failures, .. output.Failures.Where(f => !own.Contains(f))]).Decision == Decision.Allow;
    }

    public Verdict ToVerdict()
    {
        VerdictReason[] reasons =
        [
            .. _records.SelectMany(static r => r.Outcome.Reasons).OrderByDescending(static r => r.Decision).ThenBy(static r => r.Stage)
                .ThenBy(static r => r.Rule, StringComparer.Ordinal).ThenByDescending(static r => r.Score),
        ];
        RequiredAction[] actions = [.. _records.SelectMany(static r => r.Outcome.Actions).Distinct()];
        Decision decision = Decision;
        return new Verdict
        {
            Decision = decision,
            Reasons = reasons,
            Actions = actions,
            Advice = [.. _records.SelectMany(static r => r.Outcome.Advice).Distinct()],
            Help = actions.Contains(RequiredAction.OfferHelp) ? HelpResource.For(Policy.Help, Request.Locale) : null,
            Refusal = Refusals.CodeOf(decision, reasons),
            Failures = [.. _records.SelectMany(static r => r.Result.Failures)],
            Notes = [.. _gatheredNotes, .. _records.SelectMany(static r => r.Result.Notes)],
            Stages = [.. _records.Select(static r => new StageOutcome(r.Stage, r.Outcome.Decision, r.Duration))],
            PolicyName = Policy.Name,
            PolicyDigest = Policy.Digest,
            Detectors = stages.Detectors(Request),
            Id = Guid.CreateVersion7().ToString("N"),
        };
    }

    private async ValueTask StageAsync(
        Stage stage, Func<StageBudget, ValueTask<StageResult>> check, bool judge, MonitorCheck? monitor = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_decided)
        {
            if (judge)
            {
                _records.Add(new StageRecord(stage, StageResult.NothingToCheck.With(_gatheredMatches, _gatheredFailures), NotChecked, TimeSpan.Zero));
            }

            return;
        }

        long start = stages.Parts.Clock.GetTimestamp();
        using var budget = new StageBudget(stages.Parts.Options, stage, stages.Parts.Clock, inline, cancellationToken);
        StageResult result = await check(budget).ConfigureAwait(false);
        if (!judge)
        {
            // Evidence for a stage that is asked for alone. What could not be seen, and what decides whatever is asked, is judged there.
            _seen.AddRange(result.Signals);
            _gatheredMatches.AddRange(result.Signals.Where(static s => s.Category == SafetyCategory.KnownContent));
            _gatheredFailures.AddRange(result.Failures);
            _gatheredNotes.AddRange(result.Notes);
            return;
        }

        result = result.With(_gatheredMatches, _gatheredFailures);
        PolicyOutcome outcome = result.Checked ? Evaluate(stage, result.Signals, _seen, result.Failures) : NotChecked;
        if (monitor is not null && outcome.Decision < Decision.Block && Decision < Decision.Block && QueryFor(stage, result) is { } query)
        {
            MonitorOutcome said = await monitor.CheckAsync(query, budget).ConfigureAwait(false);
            _findings.AddRange(said.Findings);
            result = result.AsChecked().With(said.Signals, said.Failures);
            outcome = Evaluate(stage, result.Signals, _seen, result.Failures);
        }

        _records.Add(new StageRecord(stage, result, outcome, stages.Parts.Clock.GetElapsedTime(start)));
        _seen.AddRange(result.Signals);

        // Nothing further can change the outcome of a denied account or of known content, and nobody should look longer.
        _decided = outcome.Reasons.Any(static r => r.Decision == Decision.Block
                && r.Category is SafetyCategory.UnderageAccount or SafetyCategory.AccountDenied or SafetyCategory.KnownContent)
            || (outcome.Decision == Decision.Block && stages.Parts.Options.Stop == EarlyStop.FirstBlock);
    }

    private MonitorQuery? QueryFor(Stage stage, StageResult result)
    {
        bool anything = stage == Stage.Output
            ? Request.OutputImages.Count > 0 || Request.OutputText is not null
            : Request.Prompt is not null || Request.Turns.Count + Request.Images.Count > 0;
        return anything
            ? new MonitorQuery
            {
                Stage = stage,
                Operation = Request.Operation,
                Age = Request.Age,
                Policy = Policy,
                Prompt = Request.Prompt,
                Turns = Request.Turns,
                Images = Request.Images,
                OutputImages = stage == Stage.Output ? Request.OutputImages : [],
                OutputText = stage == Stage.Output ? Request.OutputText : null,
                Evidence = [.. _seen, .. result.Signals],
            }
            : null;
    }

    private PolicyOutcome Evaluate(
        Stage stage, IReadOnlyList<Signal> signals, IReadOnlyList<Signal> earlier, IReadOnlyList<CheckFailure> failures)
        => PolicyEngine.Evaluate(Policy, new PolicyQuery
        {
            Stage = stage,
            Operation = Request.Operation,
            Age = Request.Age,
            Signals = signals,
            Earlier = earlier,
            Failures = failures,
            Contexts = _contexts,
        });

    private sealed record StageRecord(Stage Stage, StageResult Result, PolicyOutcome Outcome, TimeSpan Duration);
}
