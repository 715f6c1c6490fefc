using System.Buffers;
using System.Text.Json;

namespace SafetySdk.Audit;

/// <summary>
/// The log as a file: a record a line, and a last line that names the head, so that a file that was cut short is recognised.
/// </summary>
public static class AuditExport
{
    private const int PartBytes = 1 << 16;

    /// <summary>The last line of an export, without its end.</summary>
    /// <param name="head">Where the log ends.</param>
    public static byte[] Trailer(AuditHead head)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("head", head.ToString());
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Checks an export.</summary>
    /// <param name="file">The file; read to its end, not closed. Bounded memory, whatever it holds.</param>
    /// <param name="kept">The head as somebody kept it elsewhere: the file must hold that record, and may go on after it. Null to believe
    /// the file.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AuditVerification Verify(Stream file, AuditHead? kept = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        var verifier = new AuditVerifier(AuditHead.Empty) { Anchor = kept };
        byte[] last = [];
        bool any = false;
        foreach (byte[] line in Lines(file))
        {
            if (any)
            {
                verifier.Add(last);
            }

            last = line;
            any = true;
        }

        AuditHead? trailer = ReadTrailer(last);
        if (any && trailer is null)
        {
            verifier.Add(last);
        }

        AuditVerification result = verifier.Complete(trailer);
        return result.Fault is null && trailer is null
            ? result with
            {
                Fault = new AuditFault(
                    AuditFaultKind.Truncated,
                    result.Head.Sequence + 1,
                    $"The file ends after record {result.Head.Sequence} without the line that names its head."),
            }
            : result;
    }

    private static AuditHead? ReadTrailer(byte[] line)
    {
        if (line.Length is 0 or > 512)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("head", out JsonElement head)
                && AuditHead.TryParse(head.GetString(), out AuditHead named)
                    ? named
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // A line that is too long is handed on cut off: it cannot have its hash, and is found altered.
    private static IEnumerable<byte[]> Lines(Stream file)
    {
        byte[] part = new byte[PartBytes];
        var line = new ArrayBufferWriter<byte>(PartBytes);
        for (int read; (read = file.Read(part, 0, part.Length)) > 0;)
        {
            int at = 0;
            while (at < read)
            {
                int end = Array.IndexOf(part, (byte)'\n', at, read - at);
                int length = (end < 0 ? read : end) - at;
                int kept = Math.Min(length, AuditRecord.MaxLineBytes + 1 - line.WrittenCount);
                line.Write(part.AsSpan(at, kept));
                at += length;
                if (end >= 0)
                {
                    at++;
                    yield return line.WrittenSpan.ToArray();
                    line.ResetWrittenCount();
                }
            }
        }

        if (line.WrittenCount > 0)
        {
            yield return line.WrittenSpan.ToArray();
        }
    }
}
