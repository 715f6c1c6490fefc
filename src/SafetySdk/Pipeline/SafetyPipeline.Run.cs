using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

public sealed partial class SafetyPipeline
{
    /// <summary>Checks a request, lets the generator make pictures where it passes, and hands on what passes of them.</summary>
    /// <param name="request">The request, without outputs.</param>
    /// <param name="generator">Calls the host's generator.</param>
    /// <param name="cancellationToken">Stops the run; there is no verdict then.</param>
    /// <returns>As <see cref="RunAsync(SafetyRequest, SafetyChat?, SafetyGenerator?, CancellationToken)"/>.</returns>
    /// <exception cref="ArgumentException">The request has outputs already.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<SafetyRun> RunAsync(SafetyRequest request, SafetyGenerator generator, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return RunAsync(request, chat: null, generator, cancellationToken);
    }

    /// <summary>
    /// Checks a request, calls the host's chat model and generator where it passes, and hands on what passes of what they make.
    /// </summary>
    /// <remarks>
    /// <para>A model is called only where the decision is <see cref="Decision.Allow"/>, or <see cref="Decision.Transform"/>: then the chat
    /// model or the generator has to rewrite the prompt, and what they wrote is checked like what the user wrote. A request that is to be
    /// reviewed waits for a person.</para>
    /// <para>A refusal of the chat model is passed on, even where no rule of the policy speaks of it. Each picture is judged by itself and
    /// with what was asked; one that is refused does not take the others with it, unless it is known content.</para>
    /// </remarks>
    /// <param name="request">The request, without outputs.</param>
    /// <param name="chat">Calls the host's chat model, before the generator; null where there is none.</param>
    /// <param name="generator">Calls the host's generator; null where the chat model's text is the answer.</param>
    /// <param name="cancellationToken">Stops the run; there is no verdict then.</param>
    /// <exception cref="ArgumentException">The request has outputs already, or there is neither chat model nor generator.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. Exceptions of the host's delegates are passed on as they are.</exception>
    public async Task<SafetyRun> RunAsync(
        SafetyRequest request, SafetyChat? chat, SafetyGenerator? generator, CancellationToken cancellationToken = default)
    {
        PipelineRun run = Start(request, inline: false, cancellationToken);
        if (request.OutputImages.Count > 0 || request.OutputText is not null)
        {
            throw new ArgumentException("Outputs are what the run makes; check finished ones with CheckAsync.", nameof(request));
        }

        if (chat is null && generator is null)
        {
            throw new ArgumentException("There is neither a chat model nor a generator to call.", nameof(generator));
        }

        await InputAsync(run).ConfigureAwait(false);
        if (!MayCall(run.Decision))
        {
            return await EndAsync(run, RunOutcome.Stopped, null, cancellationToken).ConfigureAwait(false);
        }

        if (request.ChatRefused)
        {
            return await EndAsync(run, RunOutcome.Refused, null, cancellationToken).ConfigureAwait(false);
        }

        Verdict? before = null;
        string? text = null;
        if (chat is not null)
        {
            ChatReply reply = await chat(CallOf(run), cancellationToken).ConfigureAwait(false);
            if (reply.Refused)
            {
                return await RefuseAsync(run, before, cancellationToken).ConfigureAwait(false);
            }

            text = reply.Text;
            if (reply.Prompt is { } written && written != run.Request.Prompt)
            {
                before = run.ToVerdict();
                run = await RewriteAsync(run, written).ConfigureAwait(false);
                if (run.Decision != Decision.Allow)
                {
                    return await EndAsync(run, RunOutcome.Stopped, before, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        IReadOnlyList<ReadOnlyMemory<byte>> made = [];
        if (generator is not null)
        {
            GeneratorReply reply = await generator(CallOf(run), cancellationToken).ConfigureAwait(false);
            if (reply.Refused)
            {
                return await RefuseAsync(run, before, cancellationToken).ConfigureAwait(false);
            }

            made = reply.Images;
            if (reply.PromptUsed is { } used && used != run.Request.Prompt)
            {
                before ??= run.ToVerdict();
                run = await RewriteAsync(run, used).ConfigureAwait(false);
            }
        }

        if (made.Count == 0 && string.IsNullOrEmpty(text))
        {
            return await EndAsync(run, RunOutcome.NothingMade, before, cancellationToken).ConfigureAwait(false);
        }

        if (run.Decision != Decision.Allow)
        {
            // What was to be rewritten was not, or not well enough.
            SafetyRun stopped = await EndAsync(run, RunOutcome.Withheld, before, cancellationToken).ConfigureAwait(false);
            return stopped with { WithheldImages = made.Count };
        }

        await run.OutputAsync(made, string.IsNullOrEmpty(text) ? null : text).ConfigureAwait(false);
        return await DeliverAsync(run, made, text, before, cancellationToken).ConfigureAwait(false);
    }

    private static bool MayCall(Decision decision) => decision is Decision.Allow or Decision.Transform;

    private static ModelCall CallOf(PipelineRun run)
    {
        Verdict verdict = run.ToVerdict();
        return new ModelCall
        {
            Request = run.Request,
            Decision = verdict.Decision,
            Actions = verdict.Actions,
            Advice = verdict.Advice,
            Reasons = verdict.Reasons,
        };
    }

    private static async ValueTask<PipelineRun> RewriteAsync(PipelineRun run, string prompt)
    {
        PipelineRun next = run.Continue(run.Request with { Prompt = prompt }, Stage.Upload);
        await next.PromptAsync().ConfigureAwait(false);
        await next.JointAsync().ConfigureAwait(false);
        return next;
    }

    private async ValueTask<SafetyRun> RefuseAsync(PipelineRun run, Verdict? before, CancellationToken cancellationToken)
    {
        PipelineRun refused = run.Continue(run.Request with { ChatRefused = true }, Stage.Prompt);
        await refused.JointAsync(askMonitor: false).ConfigureAwait(false);
        return await EndAsync(refused, RunOutcome.Refused, before, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<SafetyRun> EndAsync(
        PipelineRun run, RunOutcome outcome, Verdict? before, CancellationToken cancellationToken)
    {
        await run.OutputAsync().ConfigureAwait(false);
        return new SafetyRun
        {
            Outcome = outcome,
            Verdict = await FinishAsync(run, cancellationToken).ConfigureAwait(false),
            BeforeRewrite = before,
            MonitorFindings = run.Findings,
        };
    }

    private async ValueTask<SafetyRun> DeliverAsync(
        PipelineRun run, IReadOnlyList<ReadOnlyMemory<byte>> made, string? text, Verdict? before, CancellationToken cancellationToken)
    {
        IReadOnlyList<bool> passed = run.PassedOutputs();
        bool textPassed = string.IsNullOrEmpty(text) || run.PassedText();
        Verdict verdict = await FinishAsync(run, cancellationToken).ConfigureAwait(false);
        bool recorded = !verdict.Failures.Any(static f => f.Check == RecorderCheck);
        ReadOnlyMemory<byte>[] images = recorded ? [.. made.Where((_, i) => passed[i])] : [];
        string? answer = recorded && textPassed && !string.IsNullOrEmpty(text) ? text : null;
        bool all = recorded && textPassed && images.Length == made.Count;
        return new SafetyRun
        {
            Outcome = all ? RunOutcome.Delivered : images.Length == 0 && answer is null ? RunOutcome.Withheld : RunOutcome.PartlyDelivered,
            Verdict = verdict,
            BeforeRewrite = before,
            Images = images,
            Text = answer,
            WithheldImages = made.Count - images.Length,
            MonitorFindings = run.Findings,
        };
    }
}
