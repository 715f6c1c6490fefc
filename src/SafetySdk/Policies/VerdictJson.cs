using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>The JSON form of a verdict: one object on one line. Members may be added in later versions, never renamed.</summary>
public static class VerdictJson
{
    /// <summary>Writes the verdict as JSON, without line breaks.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string ToJson(this Verdict verdict)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(json, verdict);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, Verdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("decision", verdict.Decision.Name());
        json.WriteStartArray("reasons");
        foreach (VerdictReason reason in verdict.Reasons)
        {
            Write(json, reason);
        }

        json.WriteEndArray();
        json.WriteStartArray("actions");
        foreach (RequiredAction action in verdict.Actions)
        {
            json.WriteStringValue(action.Name());
        }

        json.WriteEndArray();
        json.WriteStartArray("advice");
        foreach (Advisory advisory in verdict.Advice)
        {
            json.WriteStringValue(advisory.Name());
        }

        json.WriteEndArray();
        if (verdict.Help is { } help)
        {
            json.WriteStartObject("help");
            json.WriteString("name", help.Name);
            json.WriteString("contact", help.Contact);
            json.WriteEndObject();
        }

        if (verdict.Rewrite is { } rewrite)
        {
            // Where and why, not what: the words are content.
            json.WriteStartArray("rewrite");
            foreach (Prompts.Requests.RewriteChange change in rewrite.Changes)
            {
                json.WriteStartObject();
                json.WriteNumber("start", change.Span.Start);
                json.WriteNumber("length", change.Span.Length);
                json.WriteString("reason", PolicyVocabulary.NameOf(change.Reason));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (verdict.Refusal is { } refusal)
        {
            json.WriteString("refusal", PolicyVocabulary.NameOf(refusal));
        }

        json.WriteStartObject("policy");
        json.WriteString("name", verdict.PolicyName);
        json.WriteString("digest", verdict.PolicyDigest);
        json.WriteEndObject();
        json.WriteStartArray("stages");
        foreach (StageOutcome stage in verdict.Stages)
        {
            json.WriteStartObject();
            json.WriteString("name", stage.Stage.Name());
            json.WriteString("decision", stage.Decision.Name());
            json.WriteNumber("ms", Math.Round(stage.Duration.TotalMilliseconds, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("failures");
        foreach (CheckFailure failure in verdict.Failures)
        {
            json.WriteStartObject();
            json.WriteString("check", failure.Check);
            json.WriteString("kind", SnakeCase.From(failure.Kind.ToString()));
            json.WriteString("source", failure.Source);
            json.WriteString("message", failure.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (verdict.Notes.Count > 0)
        {
            json.WriteStartArray("notes");
            foreach (CheckNote note in verdict.Notes)
            {
                json.WriteStartObject();
                json.WriteString("check", note.Check);
                json.WriteString("source", note.Source);
                json.WriteString("message", note.Message);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartArray("detectors");
        foreach (DetectorVersion detector in verdict.Detectors)
        {
            json.WriteStartObject();
            json.WriteString("name", detector.Name);
            json.WriteString("version", detector.Version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("id", verdict.Id);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, VerdictReason reason)
    {
        json.WriteStartObject();
        json.WriteString("rule", reason.Rule);
        json.WriteString("category", reason.Category.Name());
        json.WriteString("stage", reason.Stage.Name());
        json.WriteString("decision", reason.Decision.Name());
        json.WriteNumber("score", Rounded(reason.Score));
        json.WriteNumber("threshold", reason.Threshold);
        json.WriteString("detector", reason.Detector);
        json.WriteString("version", reason.Version);
        if (reason.Source is { } source)
        {
            json.WriteString("source", source);
        }

        if (reason.Span is { } span)
        {
            json.WriteStartObject("span");
            json.WriteNumber("start", span.Start);
            json.WriteNumber("length", span.Length);
            json.WriteEndObject();
        }

        // JSON has no infinity; a verdict must not be lost for a box that a detector got wrong.
        if (reason.Region is { } region && double.IsFinite(region.X + region.Y + region.Width + region.Height))
        {
            json.WriteStartObject("region");
            json.WriteNumber("x", Rounded(region.X));
            json.WriteNumber("y", Rounded(region.Y));
            json.WriteNumber("width", Rounded(region.Width));
            json.WriteNumber("height", Rounded(region.Height));
            json.WriteEndObject();
        }

        if (reason.SoftenedBy is { } context)
        {
            json.WriteString("softenedBy", context.Name());
        }

        if (reason.Why is { } why)
        {
            json.WriteString("why", why);
        }

        json.WriteEndObject();
    }

    // Four digits say all that a score can say, and keep the output readable.
    private static double Rounded(double value) => Math.Round(value, 4);
}
