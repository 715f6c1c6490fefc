using System.Text;
using System.Text.Json;

namespace SafetySdk.Audit;

/// <summary>What is wrong with a log.</summary>
public enum AuditFaultKind
{
    /// <summary>A record is not what was written: its bytes do not have its hash, or its successor was linked to another.</summary>
    Altered,

    /// <summary>A record is not there, though a later one is.</summary>
    Missing,

    /// <summary>A record stands elsewhere.</summary>
    Reordered,

    /// <summary>A record is there twice.</summary>
    Repeated,

    /// <summary>The log ends before its head.</summary>
    Truncated,

    /// <summary>The log goes on after its head.</summary>
    Extended,
}

/// <summary>The first thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Sequence">Sequence of the record that is wrong or not there.</param>
/// <param name="Message">The same in words; no content.</param>
public sealed record AuditFault(AuditFaultKind Kind, long Sequence, string Message);

/// <summary>What a verification found.</summary>
/// <param name="Head">The last record that holds, and all before it with it.</param>
/// <param name="Fault">The first fault; null where there is none.</param>
public sealed record AuditVerification(AuditHead Head, AuditFault? Fault)
{
    /// <summary>Whether the log is whole and unchanged.</summary>
    public bool IsIntact => Fault is null;
}

/// <summary>Checks a chain of records, one after the other, in constant memory. Not thread-safe.</summary>
/// <param name="start">The head before the first record: <see cref="AuditHead.Empty"/> for a whole log.</param>
public sealed class AuditVerifier(AuditHead start)
{
    private AuditHead _head = start;
    private AuditFault? _fault;
    private bool _awaited;

    /// <summary>
    /// A head that somebody kept elsewhere: the log must hold that record with that hash, and may go on after it. Null where there is none.
    /// </summary>
    public AuditHead? Anchor { get; init; }

    /// <summary>Checks the next line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <returns>False once the outcome is certain; further lines change nothing.</returns>
    public bool Add(ReadOnlySpan<byte> line)
    {
        long expected = _head.Sequence + 1;
        if (_fault is not null)
        {
            // A record was not where it belongs: it is missing unless it turns up later.
            if (_awaited && Read(line, out long later, out _, out _) && later == _fault.Sequence)
            {
                Fault(AuditFaultKind.Reordered, later, $"Record {later} stands after a later one.");
            }

            return _awaited;
        }

        if (!Read(line, out long sequence, out string previous, out string hash))
        {
            Fault(AuditFaultKind.Altered, expected, $"Record {expected} is not what was written: it cannot be read or does not have its hash.");
        }
        else if (sequence > expected)
        {
            Fault(AuditFaultKind.Missing, expected, $"Record {expected} is missing; record {sequence} stands in its place.");
            _awaited = true;
            return true;
        }
        else if (sequence < expected)
        {
            Fault(AuditFaultKind.Repeated, sequence, $"Record {sequence} stands again where {expected} belongs.");
        }
        else if (previous != _head.Hash)
        {
            long altered = Math.Max(1, _head.Sequence);
            Fault(AuditFaultKind.Altered, altered, $"Record {altered} is not the one that record {sequence} was linked to.");
        }
        else
        {
            _head = new AuditHead(sequence, hash);
            if (Anchor is { } anchor && anchor.Sequence == sequence && anchor.Hash != hash)
            {
                Fault(AuditFaultKind.Altered, sequence, $"Record {sequence} is not the one that was kept: the log was written anew.");
                return false;
            }

            return true;
        }

        return false;
    }

    /// <summary>Ends the check.</summary>
    /// <param name="head">The head as it stands beside the records; null where it does not, and a cut-off end then goes unnoticed.</param>
    public AuditVerification Complete(AuditHead? head)
    {
        if (_fault is null && Anchor is { } anchor && anchor.Sequence > _head.Sequence)
        {
            long cut = _head.Sequence + 1;
            Fault(AuditFaultKind.Truncated, cut, $"The log ends after record {_head.Sequence}; record {anchor.Sequence} was kept.");
        }

        if (_fault is null && head is { } kept)
        {
            if (kept.Sequence > _head.Sequence)
            {
                long first = _head.Sequence + 1;
                Fault(AuditFaultKind.Truncated, first, $"The log ends after record {_head.Sequence}; its head is record {kept.Sequence}.");
            }
            else if (kept.Sequence < _head.Sequence)
            {
                long first = kept.Sequence + 1;
                Fault(AuditFaultKind.Extended, first, $"The log goes on to record {_head.Sequence}; its head is record {kept.Sequence}.");
            }
            else if (kept.Hash != _head.Hash)
            {
                Fault(AuditFaultKind.Altered, kept.Sequence, $"Record {kept.Sequence} is not the one that the head names.");
            }
        }

        return new AuditVerification(_head, _fault);
    }

    private void Fault(AuditFaultKind kind, long sequence, string message)
    {
        _fault = new AuditFault(kind, sequence, message);
        _awaited = false;
    }

    private static bool Read(ReadOnlySpan<byte> line, out long sequence, out string previous, out string hash)
    {
        sequence = 0;
        previous = hash = string.Empty;
        if (line.Length is < AuditRecord.SealLength or > AuditRecord.MaxLineBytes)
        {
            return false;
        }

        Span<byte> seal = stackalloc byte[AuditRecord.SealLength];
        AuditLog.Seal(line[..^AuditRecord.SealLength], seal);
        if (!line.EndsWith(seal))
        {
            return false;
        }

        hash = Encoding.ASCII.GetString(seal[^(AuditRecord.HashDigits + 2)..^2]);
        try
        {
            var json = new Utf8JsonReader(line);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isSequence = json.ValueTextEquals("sequence"u8), isPrevious = json.ValueTextEquals("previous"u8);
                json.Read();
                sequence = isSequence ? json.GetInt64() : sequence;
                previous = isPrevious ? json.GetString() ?? string.Empty : previous;
                json.Skip();
                if (sequence != 0 && previous.Length != 0)
                {
                    return true;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
        }

        return false;
    }
}
