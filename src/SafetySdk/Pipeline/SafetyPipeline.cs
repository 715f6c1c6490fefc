using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Pipeline;

/// <summary>
/// Checks a request stage by stage: account, upload, prompt, joint, output. Stages make signals, the policy engine makes decisions.
/// Where accounts are looked up (<see cref="SafetyPipelineParts.Accounts"/>), a stage that is used alone asks the account stage first.
/// </summary>
/// <remarks>Thread-safe; one pipeline serves all callers. The parts given to the constructor stay the caller's to dispose.</remarks>
public sealed partial class SafetyPipeline
{
    private const string RecorderCheck = "recorder";

    private readonly PipelineStages _stages;

    /// <summary>Builds a pipeline.</summary>
    /// <param name="parts">What it is made of. A part that is missing makes every check that needs it fail, never pass.</param>
    /// <exception cref="ArgumentOutOfRangeException">A deadline is not above zero, or an option of the safety monitor is out of its range.</exception>
    public SafetyPipeline(SafetyPipelineParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        foreach (Stage stage in Enum.GetValues<Stage>())
        {
            if (parts.Options.DeadlineOf(stage) is { } deadline)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, TimeSpan.Zero, nameof(parts));
            }
        }

        _stages = new PipelineStages(parts);
    }

    /// <summary>The policy in force.</summary>
    public SafetyPolicy Policy => _stages.Parts.Policy;

    /// <summary>Checks a request on the calling thread. With external detectors or a safety monitor it waits for them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>The verdict. A part of the request that cannot be read, and a check that cannot be completed, are in it as
    /// failures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The operation, the age band or a context is not a defined one.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Verdict Check(SafetyRequest request, CancellationToken cancellationToken = default)
    {
        ValueTask<Verdict> check = CheckAsync(Start(request, _stages.IsLocal, cancellationToken), cancellationToken);

        // Where all checks compute it is complete already.
        return check.IsCompleted ? check.GetAwaiter().GetResult() : check.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Checks a request on the thread pool, the checks of a stage at the same time.</summary>
    /// <param name="request">The request. After a deadline has passed, a detector that does not heed cancellation may still read it.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>The verdict, as <see cref="Check"/> gives it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The operation, the age band or a context is not a defined one.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckAsync(SafetyRequest request, CancellationToken cancellationToken = default)
        => CheckAsync(Start(request, inline: false, cancellationToken), cancellationToken).AsTask();

    /// <summary>Checks the uploaded pictures alone.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>A verdict of that stage; <see cref="Decision.NotChecked"/> where there is no picture.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Check"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckUploadAsync(SafetyRequest request, CancellationToken cancellationToken = default)
        => UploadAsync(Start(request, inline: false, cancellationToken), cancellationToken);

    /// <summary>Checks what was typed alone: the prompt and earlier turns. Text in pictures is read by <see cref="CheckJointAsync"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>A verdict of that stage; <see cref="Decision.NotChecked"/> where there is no text.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Check"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckPromptAsync(SafetyRequest request, CancellationToken cancellationToken = default)
        => PromptAsync(Start(request, inline: false, cancellationToken), cancellationToken);

    /// <summary>
    /// Checks what was typed and the pictures together. Looks at both as the stages before it do, and judges only what they show together;
    /// what it could not see, and known content, count here too.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>A verdict of that stage; <see cref="Decision.NotChecked"/> where there is nothing to put together.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Check"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckJointAsync(SafetyRequest request, CancellationToken cancellationToken = default)
        => JointAsync(Start(request, inline: false, cancellationToken), cancellationToken);

    /// <summary>
    /// Checks what the model made, together with what was asked and given: a prompt that speaks of a minor and an uploaded photograph of a
    /// child make explicit output worse. Give the request that the outputs belong to.
    /// </summary>
    /// <param name="request">The request with its outputs.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>A verdict of that stage; <see cref="Decision.NotChecked"/> where there is no output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Check"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<Verdict> CheckOutputAsync(SafetyRequest request, CancellationToken cancellationToken = default)
        => OutputAsync(Start(request, inline: false, cancellationToken), cancellationToken);

    /// <summary>Checks one stage on the calling thread, as <see cref="CheckUploadAsync"/> and its siblings do on the thread pool. With external
    /// detectors or a safety monitor it waits for them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="stage">The stage; the account stage is asked before it, and is none of its own.</param>
    /// <param name="cancellationToken">Stops the check; there is no verdict then.</param>
    /// <returns>A verdict of that stage; <see cref="Decision.NotChecked"/> where there is nothing to look at.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Check"/>; or the stage is not one of those four.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Verdict CheckStage(SafetyRequest request, Stage stage, CancellationToken cancellationToken = default)
    {
        PipelineRun run = Start(request, _stages.IsLocal, cancellationToken);
        return (stage switch
        {
            Stage.Upload => UploadAsync(run, cancellationToken),
            Stage.Prompt => PromptAsync(run, cancellationToken),
            Stage.Joint => JointAsync(run, cancellationToken),
            Stage.Output => OutputAsync(run, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(stage), "Only upload, prompt, joint and output are checked alone."),
        }).GetAwaiter().GetResult();
    }

    private static async ValueTask InputAsync(PipelineRun run)
    {
        await run.AccountAsync().ConfigureAwait(false);
        await run.UploadAsync().ConfigureAwait(false);
        await run.PromptAsync().ConfigureAwait(false);
        await run.JointAsync().ConfigureAwait(false);
    }

    private async Task<Verdict> UploadAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        await run.GateAsync().ConfigureAwait(false);
        await run.UploadAsync().ConfigureAwait(false);
        return await FinishAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Verdict> PromptAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        await run.GateAsync().ConfigureAwait(false);
        await run.PromptAsync().ConfigureAwait(false);
        return await FinishAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Verdict> JointAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        await run.GateAsync().ConfigureAwait(false);
        await run.UploadAsync(judge: false).ConfigureAwait(false);
        await run.PromptAsync(judge: false).ConfigureAwait(false);
        await run.JointAsync().ConfigureAwait(false);
        return await FinishAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Verdict> OutputAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        await run.GateAsync().ConfigureAwait(false);
        await run.UploadAsync(judge: false).ConfigureAwait(false);
        await run.PromptAsync(judge: false).ConfigureAwait(false);
        await run.OutputAsync().ConfigureAwait(false);
        return await FinishAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Verdict> CheckAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        await InputAsync(run).ConfigureAwait(false);
        await run.OutputAsync().ConfigureAwait(false);
        return await FinishAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private PipelineRun Start(SafetyRequest request, bool inline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!Enum.IsDefined(request.Operation) || !Enum.IsDefined(request.Age) || !request.Contexts.All(Enum.IsDefined))
        {
            // A rule for edits or for minors would silently not apply.
            throw new ArgumentOutOfRangeException(nameof(request), "The operation, the age band or a context is not a defined one.");
        }

        return new PipelineRun(_stages, request, inline, cancellationToken);
    }

    private async ValueTask<Verdict> FinishAsync(PipelineRun run, CancellationToken cancellationToken)
    {
        Verdict verdict = run.ToVerdict();
        if (verdict.Decision == Decision.Transform && _stages.Parts.Rewriter is { } rewriter && run.Request.Prompt is { } prompt
            && Offer(rewriter, prompt) is { } offer)
        {
            // An offer that would be turned down again helps nobody.
            PipelineRun again = await RewriteAsync(run.Fresh(run.Request with { Prompt = offer.Text }), offer.Text).ConfigureAwait(false);
            verdict = again.Decision == Decision.Allow ? verdict with { Rewrite = offer } : verdict;
        }

        if (_stages.Parts.Recorders.Count == 0)
        {
            return verdict;
        }

        SafetyRecord record = SafetyRecord.Of(verdict, run);
        foreach (ISafetyRecorder recorder in _stages.Parts.Recorders)
        {
            try
            {
                await recorder.RecordAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
            {
                verdict = NotRecorded(verdict, e);
            }
        }

        return verdict;
    }

    private static OfferedRewrite? Offer(PromptRewriter rewriter, string prompt)
    {
        try
        {
            return rewriter.Offer(prompt);
        }
        catch (PromptException)
        {
            // The check has said so already.
            return null;
        }
    }

    private Verdict NotRecorded(Verdict verdict, Exception e)
    {
        var failure = new Classification.CheckFailure(
            RecorderCheck, Classification.CheckFailureKind.Fault, $"the verdict could not be recorded ({e.GetType().Name}).");
        PolicyOutcome outcome = PolicyEngine.Evaluate(Policy, new PolicyQuery { Stage = Stage.Output, Failures = [failure] });
        Decision decision = outcome.Decision > verdict.Decision ? outcome.Decision : verdict.Decision;
        VerdictReason[] reasons = [.. verdict.Reasons.Concat(outcome.Reasons).OrderByDescending(static r => r.Decision)];
        return verdict with
        {
            Decision = decision,
            Reasons = reasons,
            Failures = [.. verdict.Failures, failure],
            Refusal = Refusals.CodeOf(decision, reasons),
        };
    }
}
