using SafetySdk.Evidence;
using SafetySdk.Reporting;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>
/// Files reports of the outbox with the CyberTipline, each exactly once as the CyberTipline sees it. Its number is kept durably before
/// anything else is done with it. An attempt that was cut off is first retracted: "already finished" means that it was filed after all,
/// everything else that nothing was filed, and all is sent again.
/// </summary>
/// <remarks>
/// Thread-safe. What a call that got no answer left open is either retracted by the next attempt or expires unfinished. Names of failures
/// are <c>step:code</c>; <see cref="CyberTipFailure"/> reads them.
/// </remarks>
public sealed class CyberTipSender : IReportSender
{
    /// <summary>The default kind of these reports.</summary>
    public const string DefaultKind = "cybertip";

    private readonly CyberTiplineClient _client;
    private readonly ICyberTipSource _source;
    private readonly EvidenceVault? _evidence;
    private readonly CyberTipSenderOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates a sender.</summary>
    /// <param name="client">The CyberTipline; stays the caller's to dispose.</param>
    /// <param name="source">Turns what lies in the outbox into reports.</param>
    /// <param name="evidence">Holds the files; null where no report has any.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="kind">The kind of report in the outbox.</param>
    public CyberTipSender(
        CyberTiplineClient client,
        ICyberTipSource source,
        EvidenceVault? evidence = null,
        CyberTipSenderOptions? options = null,
        TimeProvider? time = null,
        string kind = DefaultKind)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(kind);
        _client = client;
        _source = source;
        _evidence = evidence;
        _options = options ?? CyberTipSenderOptions.Default;
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.CallAttempts, 1, nameof(options));
        _time = time ?? TimeProvider.System;
        Kind = kind;
    }

    /// <inheritdoc/>
    public string Kind { get; }

    /// <inheritdoc/>
    public async Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        if (delivery.Report.RemoteId is { } earlier)
        {
            CyberTiplineAnswer retracted = await RepeatAsync(
                c => _client.RetractAsync(earlier, c), evenUnknown: true, cancellationToken).ConfigureAwait(false);
            switch (retracted.Outcome)
            {
                case CyberTiplineOutcome.AlreadyFinished:
                    return new DeliveryResult(DeliveryOutcome.Delivered);
                case CyberTiplineOutcome.Done or CyberTiplineOutcome.NotOpen:
                    break;
                default:
                    // As long as nobody knows whether it was filed, it must not be sent again.
                    return Later("retract", retracted);
            }
        }

        CyberTip? tip = await _source.BuildAsync(delivery.Report, cancellationToken).ConfigureAwait(false);
        if (tip is null)
        {
            return new DeliveryResult(DeliveryOutcome.Rejected, "report:declined");
        }

        string? open = null;
        try
        {
            byte[] document = CyberTipXml.Report(tip, _time.GetUtcNow());
            await KeepEvidenceAsync(tip, cancellationToken).ConfigureAwait(false);

            // Without an answer a report may be open; it is not repeated here, so that no more than one expires.
            CyberTiplineAnswer submitted = await RepeatAsync(
                c => _client.SubmitAsync(document, c), evenUnknown: false, cancellationToken).ConfigureAwait(false);
            if (submitted.Outcome != CyberTiplineOutcome.Done)
            {
                return await FailedAsync("submit", submitted, null, cancellationToken).ConfigureAwait(false);
            }

            open = submitted.ReportId!;
            await delivery.SaveRemoteIdAsync(open, cancellationToken).ConfigureAwait(false);
            return await FillAndFinishAsync(open, tip, cancellationToken).ConfigureAwait(false);
        }
        catch (CyberTipException e)
        {
            return await AbandonAsync(open, "report:" + e.Part, cancellationToken).ConfigureAwait(false);
        }
        catch (EvidenceException e) when (e.Error is EvidenceError.KeyMissing or EvidenceError.Storage)
        {
            return new DeliveryResult(DeliveryOutcome.Retry, "evidence:" + e.Error);
        }
        catch (EvidenceException e)
        {
            return await AbandonAsync(open, "evidence:" + e.Error, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<DeliveryResult> FillAndFinishAsync(string reportId, CyberTip tip, CancellationToken cancellationToken)
    {
        foreach (CyberTipFile file in tip.Files)
        {
            // A second upload would be a second file: only what certainly had no effect is repeated.
            CyberTiplineAnswer uploaded = await RepeatAsync(
                c => UploadAsync(reportId, file, c), evenUnknown: false, cancellationToken).ConfigureAwait(false);
            if (uploaded.Outcome != CyberTiplineOutcome.Done)
            {
                return await FailedAsync("upload", uploaded, reportId, cancellationToken).ConfigureAwait(false);
            }

            byte[] details = CyberTipXml.FileDetails(file, reportId, uploaded.FileId!);
            CyberTiplineAnswer described = await RepeatAsync(
                c => _client.FileInfoAsync(details, c), evenUnknown: true, cancellationToken).ConfigureAwait(false);
            if (described.Outcome != CyberTiplineOutcome.Done)
            {
                return await FailedAsync("fileinfo", described, reportId, cancellationToken).ConfigureAwait(false);
            }
        }

        CyberTiplineAnswer finished = await RepeatAsync(
            c => _client.FinishAsync(reportId, c), evenUnknown: true, cancellationToken).ConfigureAwait(false);
        return finished.Outcome is CyberTiplineOutcome.Done or CyberTiplineOutcome.AlreadyFinished
            ? new DeliveryResult(DeliveryOutcome.Delivered)
            : await FailedAsync("finish", finished, reportId, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CyberTiplineAnswer> UploadAsync(string reportId, CyberTipFile file, CancellationToken cancellationToken)
    {
        EvidenceStream content = await _evidence!.OpenAsync(file.EvidenceId, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            return await _client.UploadAsync(reportId, content, content.Length, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask KeepEvidenceAsync(CyberTip tip, CancellationToken cancellationToken)
    {
        if (tip.Files.Count > 0 && _evidence is null)
        {
            throw new EvidenceException(EvidenceError.Storage, "The report has files, but the sender was given no evidence vault.");
        }

        foreach (CyberTipFile file in tip.Files)
        {
            await _evidence!.KeepAsync(file.EvidenceId, _options.Preservation, cancellationToken).ConfigureAwait(false);

            // No report is opened whose files cannot be.
            EvidenceStream content = await _evidence.OpenAsync(file.EvidenceId, cancellationToken).ConfigureAwait(false);
            await content.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<CyberTiplineAnswer> RepeatAsync(
        Func<CancellationToken, Task<CyberTiplineAnswer>> call, bool evenUnknown, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            CyberTiplineAnswer answer = await call(cancellationToken).ConfigureAwait(false);
            bool repeat = answer.Outcome == CyberTiplineOutcome.Retry || (evenUnknown && answer.Outcome == CyberTiplineOutcome.Unknown);
            TimeSpan pause = _options.PauseAfter(attempt);
            pause = answer.RetryAfter > pause ? answer.RetryAfter.Value : pause;
            if (!repeat || attempt == _options.CallAttempts || pause > _options.LongestPause)
            {
                return answer;
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<DeliveryResult> FailedAsync(
        string step, CyberTiplineAnswer answer, string? open, CancellationToken cancellationToken)
        => answer.Outcome == CyberTiplineOutcome.Refused
            ? await AbandonAsync(open, $"{step}:{answer.Name}", cancellationToken).ConfigureAwait(false)
            : Later(step, answer);

    private DeliveryResult Later(string step, CyberTiplineAnswer answer)
    {
        TimeSpan? pause = answer.RetryAfter;
        if (answer.Outcome == CyberTiplineOutcome.Unauthorized && !(pause > _options.UnauthorizedPause))
        {
            pause = _options.UnauthorizedPause;
        }

        return new DeliveryResult(DeliveryOutcome.Retry, $"{step}:{answer.Name}", pause);
    }

    // What waits for an operator should not stand open meanwhile; whether retracting works matters to nobody, but "finished" does.
    private async Task<DeliveryResult> AbandonAsync(string? open, string error, CancellationToken cancellationToken)
    {
        CyberTiplineAnswer? answer = open is null ? null : await _client.RetractAsync(open, cancellationToken).ConfigureAwait(false);
        return answer is { Outcome: CyberTiplineOutcome.AlreadyFinished }
            ? new DeliveryResult(DeliveryOutcome.Delivered)
            : new DeliveryResult(DeliveryOutcome.Rejected, error);
    }
}
