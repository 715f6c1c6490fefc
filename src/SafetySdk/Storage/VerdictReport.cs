using System.Buffers;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>The default report of a verdict: what a sender needs to file it, without content.</summary>
public static class VerdictReport
{
    /// <summary>The kind of these reports.</summary>
    public const string Kind = "cybertip";

    /// <summary>
    /// Makes a report keyed by the verdict: JSON with <c>verdict</c>, <c>account</c> (the host's identifier), <c>operation</c>, the
    /// <c>reasons</c> with rule, category, stage, detector and version, and the keyed digests of the <c>inputs</c>.
    /// </summary>
    /// <param name="verdict">The verdict.</param>
    /// <param name="subject">Who asked and what for.</param>
    public static ReportDraft Compose(Verdict verdict, CheckSubject subject)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(subject);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("verdict", verdict.Id);
            json.WriteString("account", subject.AccountId);
            json.WriteString("operation", subject.Operation.Name());
            json.WriteStartArray("reasons");
            foreach (VerdictReason reason in verdict.Reasons)
            {
                json.WriteStartObject();
                json.WriteString("rule", reason.Rule);
                json.WriteString("category", reason.Category.Name());
                json.WriteString("stage", reason.Stage.Name());
                json.WriteString("detector", reason.Detector);
                json.WriteString("version", reason.Version);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("inputs");
            foreach (Audit.InputDigest input in subject.Inputs)
            {
                json.WriteStartObject();
                json.WriteString("part", input.Part);
                json.WriteString("digest", input.Digest);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new ReportDraft($"verdict:{verdict.Id}", Kind, buffer.WrittenSpan.ToArray()) { VerdictId = verdict.Id };
    }
}
