using System.Buffers;
using System.Text.Json;
using SafetySdk.Reporting;

namespace SafetySdk.Reports;

/// <summary>
/// A user reports content or another user: what context decides, such as harassment, is decided by people. It goes into the outbox like
/// any report; the host's sender for <see cref="Kind"/> hands it to where people review, which recognises it by <see cref="Id"/>. A host
/// without such a place reviews it over the store instead (<see cref="UserReportLedger"/>).
/// What the user wrote is sealed as evidence, not put here.
/// </summary>
/// <param name="Id">The host's identifier of the report, 1 to 100 characters.</param>
/// <param name="Category">What the user says it is, as a category's name.</param>
/// <param name="ReportedAt">When.</param>
public sealed record UserReport(string Id, string Category, DateTimeOffset ReportedAt)
{
    /// <summary>The kind of these reports in the outbox.</summary>
    public const string Kind = "user-report";

    private const int MaxId = 100;
    private const int MaxEvidence = 100;

    /// <summary>The verdict of what is reported; null where none is known.</summary>
    public string? VerdictId { get; init; }

    /// <summary>Who reports; null where nobody is known.</summary>
    public string? ReporterAccountId { get; init; }

    /// <summary>Who is reported; null where nobody is.</summary>
    public string? ReportedAccountId { get; init; }

    /// <summary>Sealed evidence that belongs to it.</summary>
    public IReadOnlyList<string> EvidenceIds { get; init; } = [];

    /// <summary>Says the category only.</summary>
    public override string ToString() => $"{nameof(UserReport)} {{ {Category} }}";

    /// <summary>What is put into the outbox. The same report gives the same draft.</summary>
    /// <exception cref="ArgumentException">The identifier is empty or too long, or there is too much evidence.</exception>
    public ReportDraft ToDraft()
    {
        if (Id is not { Length: > 0 and <= MaxId } || EvidenceIds.Count > MaxEvidence)
        {
            throw new ArgumentException(
                $"The identifier has 1 to {MaxId} characters, and at most {MaxEvidence} pieces of evidence are taken.");
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteString("category", Category);
            json.WriteString("reported_at", ReportedAt);
            json.WriteString("verdict", VerdictId);
            json.WriteString("reporter", ReporterAccountId);
            json.WriteString("reported", ReportedAccountId);
            json.WriteStartArray("evidence");
            foreach (string evidence in EvidenceIds)
            {
                json.WriteStringValue(evidence);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new ReportDraft(KeyOf(Id), Kind, buffer.WrittenSpan.ToArray()) { VerdictId = VerdictId };
    }

    /// <summary>The key in the outbox: one report an identifier, whoever reviews it.</summary>
    internal static string KeyOf(string id) => $"{Kind}:{id}";

    /// <summary>Reads a report back from the outbox.</summary>
    /// <param name="report">A report of <see cref="Kind"/>.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static UserReport From(OutboxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        try
        {
            using JsonDocument document = JsonDocument.Parse(report.Payload, new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = document.RootElement;
            return new UserReport(
                root.GetProperty("id").GetString()!,
                root.GetProperty("category").GetString()!,
                root.GetProperty("reported_at").GetDateTimeOffset())
            {
                VerdictId = root.GetProperty("verdict").GetString(),
                ReporterAccountId = root.GetProperty("reporter").GetString(),
                ReportedAccountId = root.GetProperty("reported").GetString(),
                EvidenceIds = [.. root.GetProperty("evidence").EnumerateArray().Select(e => e.GetString()!)],
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ArgumentException("The payload is no user report.", nameof(report));
        }
    }
}
