using SafetySdk.Audit;

namespace SafetySdk.Storage;

/// <summary>Checks and exports the audit log of a store, in parts, so that writers need not wait. Thread-safe.</summary>
public static class StoredAudit
{
    private const int PartRecords = 1000;
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>Checks the log up to its present head.</summary>
    /// <param name="store">The store.</param>
    /// <param name="kept">The head as somebody kept it elsewhere: the log must hold that record, and may go on after it. Null to believe
    /// the store.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    public static async Task<AuditVerification> VerifyAsync(
        ISafetyStore store, AuditHead? kept = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        (AuditHead start, AuditHead head) = await EndsAsync(store, cancellationToken).ConfigureAwait(false);
        var verifier = new AuditVerifier(start) { Anchor = kept };
        await ForEachAsync(store, start, head, (record, _) => new(verifier.Add(record.Line.Span)), cancellationToken).ConfigureAwait(false);
        return verifier.Complete(head);
    }

    /// <summary>Writes the log up to its present head as JSON lines, with a last line that names the head.</summary>
    /// <param name="store">The store.</param>
    /// <param name="output">Receives the lines; not closed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The head.</returns>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    public static async Task<AuditHead> ExportAsync(ISafetyStore store, Stream output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(output);
        (AuditHead start, AuditHead head) = await EndsAsync(store, cancellationToken).ConfigureAwait(false);
        await ForEachAsync(
            store,
            start,
            head,
            async (record, cancel) =>
            {
                await output.WriteAsync(record.Line, cancel).ConfigureAwait(false);
                await output.WriteAsync(LineEnd, cancel).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(AuditExport.Trailer(head), cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(LineEnd, cancellationToken).ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return head;
    }

    private static ValueTask<(AuditHead Start, AuditHead Head)> EndsAsync(ISafetyStore store, CancellationToken cancellationToken)
        => store.ReadAsync(t => (t.Audit.Start, t.Audit.Head), cancellationToken);

    private static async Task ForEachAsync(
        ISafetyStore store,
        AuditHead start,
        AuditHead head,
        Func<AuditRecord, CancellationToken, ValueTask<bool>> visit,
        CancellationToken cancellationToken)
    {
        for (long after = start.Sequence; ;)
        {
            IReadOnlyList<AuditRecord> part =
                await store.ReadAsync(t => t.Audit.Read(after, PartRecords), cancellationToken).ConfigureAwait(false);
            foreach (AuditRecord record in part)
            {
                // Newer than the head that was read; the next check's matter.
                if (record.Sequence > head.Sequence || !await visit(record, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                after = record.Sequence;
            }

            if (part.Count == 0)
            {
                return;
            }
        }
    }
}
