using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Audit;

/// <summary>Writes records: the form of a line and the chain that holds them together.</summary>
/// <remarks>
/// The chain shows what was changed by somebody who did not recompute all that follows. Against one who did, keep the head elsewhere from
/// time to time (<see cref="AuditHead"/>) and compare.
/// </remarks>
public static class AuditLog
{
    /// <summary>Version of the form of a line.</summary>
    public const int FormatVersion = 1;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    // A log is read by people and programs, never put into a web page.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Makes a record of an entry and adds it.</summary>
    /// <param name="rows">The log.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="at">When, by the host's clock. The sequence gives the order, whatever the clock does.</param>
    /// <returns>The new head.</returns>
    /// <exception cref="ArgumentException">The entry makes a line longer than <see cref="AuditRecord.MaxLineBytes"/>.</exception>
    public static AuditHead Append(IAuditRows rows, AuditEntry entry, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(entry);
        AuditHead head = rows.Head;
        var record = new AuditRecord(head.Sequence + 1, Line(entry, head, at));
        rows.Append(record);
        return new AuditHead(record.Sequence, record.Hash);
    }

    private static byte[] Line(AuditEntry entry, AuditHead previous, DateTimeOffset at)
    {
        ArrayBufferWriter<byte> buffer = _buffer ??= new ArrayBufferWriter<byte>(2048);
        buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("v", FormatVersion);
            json.WriteNumber("sequence", previous.Sequence + 1);
            json.WriteString("previous", previous.Hash);
            json.WriteString("time", at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            Write(json, entry);
            json.Flush();
        }

        Span<byte> seal = stackalloc byte[AuditRecord.SealLength];
        Seal(buffer.WrittenSpan, seal);
        int length = buffer.WrittenCount + seal.Length;
        if (length > AuditRecord.MaxLineBytes)
        {
            _buffer = null;
            throw new ArgumentException($"An audit record has at most {AuditRecord.MaxLineBytes} bytes; this one has {length}.", nameof(entry));
        }

        byte[] line = [.. buffer.WrittenSpan, .. seal];
        return line;
    }

    /// <summary>The end of a line whose other bytes are <paramref name="body"/>.</summary>
    internal static void Seal(ReadOnlySpan<byte> body, Span<byte> seal)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        AuditRecord.SealStart.CopyTo(seal);
        Span<char> digits = stackalloc char[AuditRecord.HashDigits];
        Convert.TryToHexStringLower(hash, digits, out _);
        Encoding.ASCII.GetBytes(digits, seal[AuditRecord.SealStart.Length..]);
        seal[^2] = (byte)'"';
        seal[^1] = (byte)'}';
    }

    private static void Write(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteString("kind", KindNames[(int)entry.Kind]);
        if ((entry.Verdict?.Id ?? entry.VerdictId) is { } verdict)
        {
            json.WriteString("verdict", verdict);
        }

        if (entry.Account is { } account)
        {
            json.WriteString("account", account);
        }

        if (entry.Operation is { } operation)
        {
            json.WriteString("operation", operation.Name());
        }

        if (entry.Age is { } age)
        {
            json.WriteString("age", age.Name());
        }

        if (entry.KeyId is { } key)
        {
            json.WriteString("key", key);
        }

        if (entry.Inputs.Count > 0)
        {
            json.WriteStartArray("inputs");
            foreach (InputDigest input in entry.Inputs)
            {
                json.WriteStartObject();
                json.WriteString("part", input.Part);
                json.WriteString("digest", input.Digest);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (entry.Verdict is { } said)
        {
            Write(json, said);
        }

        foreach ((string name, string value) in entry.Details)
        {
            json.WriteString(name, value);
        }
    }

    private static void Write(Utf8JsonWriter json, Verdict verdict)
    {
        json.WriteString("decision", verdict.Decision.Name());
        json.WriteStartArray("reasons");
        foreach (VerdictReason reason in verdict.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("rule", reason.Rule);
            json.WriteString("category", reason.Category.Name());
            json.WriteString("stage", reason.Stage.Name());
            json.WriteString("decision", reason.Decision.Name());
            json.WriteNumber("score", Finite(reason.Score));
            json.WriteNumber("threshold", Finite(reason.Threshold));
            json.WriteString("detector", reason.Detector);
            json.WriteString("version", reason.Version);
            if (reason.SoftenedBy is { } context)
            {
                json.WriteString("softened_by", context.Name());
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("actions");
        foreach (RequiredAction action in verdict.Actions)
        {
            json.WriteStringValue(action.Name());
        }

        json.WriteEndArray();
        json.WriteStartArray("failures");
        foreach (CheckFailure failure in verdict.Failures)
        {
            // The message is for the caller; what it says about an input is not for the log.
            json.WriteStartObject();
            json.WriteString("check", failure.Check);
            json.WriteString("kind", FailureNames[(int)failure.Kind]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("policy");
        json.WriteString("name", verdict.PolicyName);
        json.WriteString("digest", verdict.PolicyDigest);
        json.WriteEndObject();
        json.WriteStartArray("detectors");
        foreach (DetectorVersion detector in verdict.Detectors)
        {
            json.WriteStartObject();
            json.WriteString("name", detector.Name);
            json.WriteString("version", detector.Version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // JSON has no infinity; four digits say all that a score can say.
    private static double Finite(double value) => double.IsFinite(value) ? Math.Round(value, 4) : 1;

    private static readonly string[] KindNames = [.. Enum.GetNames<AuditKind>().Select(SnakeCase.From)];

    private static readonly string[] FailureNames = [.. Enum.GetNames<CheckFailureKind>().Select(SnakeCase.From)];
}
