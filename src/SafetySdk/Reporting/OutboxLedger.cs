namespace SafetySdk.Reporting;

/// <summary>The rules of the outbox, over the rows of one transaction: nothing is lost, and one report belongs to one sender at a time.</summary>
/// <remarks>Not thread-safe, like its rows.</remarks>
/// <param name="rows">The rows.</param>
/// <param name="options">Leases and pauses.</param>
/// <param name="now">The outbox's clock.</param>
public sealed class OutboxLedger(IReportRows rows, OutboxOptions options, DateTimeOffset now)
{
    /// <summary>Accepts a report. The same key with the same content again changes nothing.</summary>
    /// <param name="draft">The report.</param>
    /// <param name="added">Whether it is new.</param>
    /// <returns>The report as it stands.</returns>
    /// <exception cref="ReportException">The key belongs to a report of another kind or content.</exception>
    public OutboxReport Enqueue(ReportDraft draft, out bool added)
    {
        ArgumentNullException.ThrowIfNull(draft);
        if (draft.Key.Length is 0 or > ReportDraft.MaxKeyLength || draft.Kind.Length is 0 or > ReportDraft.MaxKeyLength)
        {
            throw new ArgumentException($"Key and kind of a report have 1 to {ReportDraft.MaxKeyLength} characters.", nameof(draft));
        }

        if (draft.Payload.Length > ReportDraft.MaxPayloadBytes)
        {
            throw new ArgumentException(
                $"The payload has {draft.Payload.Length} bytes; at most {ReportDraft.MaxPayloadBytes} are taken.", nameof(draft));
        }

        if (rows.Find(draft.Key) is { } there)
        {
            added = false;
            return there.Kind == draft.Kind && there.Payload.Span.SequenceEqual(draft.Payload.Span)
                ? there
                : throw new ReportException(ReportError.KeyInUse, "The key belongs to another report. One report, one key.");
        }

        added = true;
        var report = new OutboxReport(draft.Key, draft.Kind, draft.Payload)
        {
            VerdictId = draft.VerdictId,
            DueAt = now,
            CreatedAt = now,
            ChangedAt = now,
        };
        return report with { Sequence = rows.Add(report) };
    }

    /// <summary>Takes the report that waits longest.</summary>
    /// <param name="givenUp">Told about each report that is given up on the way; null to tell nobody.</param>
    /// <returns>The report with a lease of its own; null where nothing is due.</returns>
    public OutboxReport? Lease(Action<OutboxReport>? givenUp = null)
    {
        // A report whose sender vanished each time has used its attempts up like one that failed.
        while (rows.NextDue(now) is { } due)
        {
            if (due.Attempts >= options.MaxAttempts)
            {
                givenUp?.Invoke(Write(due with { State = ReportState.Dead, Lease = null, LastError = due.LastError ?? "no-answer" }));
                continue;
            }

            return Write(due with
            {
                State = ReportState.Leased,
                Lease = Guid.NewGuid().ToString("N"),
                DueAt = now + options.Lease,
                Attempts = due.Attempts + 1,
            });
        }

        return null;
    }

    /// <summary>Makes a lease hold for its whole time again, from now on.</summary>
    /// <param name="key">The report.</param>
    /// <param name="lease">The lease.</param>
    /// <returns>False where it is somebody else's by now: stop sending.</returns>
    public bool Renew(string key, string lease)
    {
        OutboxReport? report = rows.Find(key);
        if (report is null || report.Lease != lease)
        {
            return false;
        }

        Write(report with { DueAt = now + options.Lease });
        return true;
    }

    /// <summary>Keeps what the receiver calls the report.</summary>
    /// <param name="key">The report.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="remoteId">The receiver's name for it; null where the receiver dropped it.</param>
    /// <exception cref="ReportException">The lease is lost: stop.</exception>
    public void SaveRemoteId(string key, string lease, string? remoteId) => Write(Held(key, lease) with { RemoteId = remoteId });

    /// <summary>Notes that the receiver has the report.</summary>
    /// <param name="key">The report.</param>
    /// <param name="lease">The lease.</param>
    /// <returns>False where it is somebody else's by now, who will find out that it was delivered.</returns>
    public bool Complete(string key, string lease)
    {
        OutboxReport? report = rows.Find(key);
        if (report is null || report.Lease != lease)
        {
            return false;
        }

        Write(report with { State = ReportState.Delivered, Lease = null, LastError = null });
        return true;
    }

    /// <summary>Notes that it was not delivered: it is sent again after a pause, or given up.</summary>
    /// <param name="key">The report.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="error">Name of the failure; no content, at most <see cref="ReportDraft.MaxKeyLength"/> characters.</param>
    /// <param name="permanent">Whether sending it again is pointless.</param>
    /// <param name="retryAfter">Pause that the receiver asks for, if it does.</param>
    /// <returns>The report; null where it is somebody else's by now.</returns>
    public OutboxReport? Fail(string key, string lease, string error, bool permanent, TimeSpan? retryAfter = null)
    {
        ArgumentNullException.ThrowIfNull(error);
        OutboxReport? report = rows.Find(key);
        if (report is null || report.Lease != lease)
        {
            return null;
        }

        bool dead = permanent || report.Attempts >= options.MaxAttempts;
        TimeSpan pause = options.PauseAfter(report.Attempts);
        return Write(report with
        {
            State = dead ? ReportState.Dead : ReportState.Pending,
            Lease = null,
            LastError = error.Length > ReportDraft.MaxKeyLength ? error[..ReportDraft.MaxKeyLength] : error,
            DueAt = now + (retryAfter > pause ? retryAfter.Value : pause),
        });
    }

    /// <summary>An operator has a report that was given up sent again.</summary>
    /// <param name="key">The report.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ReportException">There is no such report among those given up.</exception>
    public OutboxReport Requeue(string key)
        => rows.Find(key) is { State: ReportState.Dead } dead
            ? Write(dead with { State = ReportState.Pending, Attempts = 0, DueAt = now })
            : throw new ReportException(ReportError.NoSuchReport, "No report with this key was given up.");

    private OutboxReport Held(string key, string lease)
        => rows.Find(key) is { } report && report.Lease == lease
            ? report
            : throw new ReportException(ReportError.LeaseLost, "The lease ran out and the report is somebody else's by now.");

    private OutboxReport Write(OutboxReport report)
    {
        OutboxReport written = report with { ChangedAt = now };
        rows.Update(written);
        return written;
    }
}
