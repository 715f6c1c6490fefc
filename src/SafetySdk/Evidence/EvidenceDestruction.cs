using System.Globalization;
using System.Text.Json;

namespace SafetySdk.Evidence;

/// <summary>Why evidence was destroyed.</summary>
public enum EvidenceDestructionReason
{
    /// <summary>Its time was over.</summary>
    RetentionEnded = 0,

    /// <summary>No report needs it.</summary>
    Unneeded,

    /// <summary>A court or an authority ordered it; the only one that overrides retention.</summary>
    Ordered,
}

/// <summary>
/// Proof that evidence was destroyed: it stays in the storage, and belongs into the audit log. Together with the digest that was noted when
/// the evidence was sealed it says which bytes are gone, and nothing of what they meant.
/// </summary>
/// <param name="Id">The evidence.</param>
/// <param name="Purpose">What it was kept for; empty where its record could not be read any more.</param>
/// <param name="SealedDigest">SHA-256 of the sealed bytes; empty where the record could not be read any more.</param>
/// <param name="DestroyedAt">When.</param>
/// <param name="Reason">Why.</param>
public sealed record EvidenceDestruction(
    string Id, string Purpose, string SealedDigest, DateTimeOffset DestroyedAt, EvidenceDestructionReason Reason)
{
    /// <summary>The proof as names and values, as an audit record takes them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details() =>
    [
        new("evidence", Id),
        new("purpose", Purpose),
        new("sealed_sha256", SealedDigest),
        new("destroyed", DestroyedAt.ToString("O", CultureInfo.InvariantCulture)),
        new("reason", Name(Reason)),
    ];

    /// <summary>Says the reason only.</summary>
    public override string ToString() => $"{nameof(EvidenceDestruction)} {{ {Reason} }}";

    internal async ValueTask WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach ((string name, string value) in Details())
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        await stream.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken).ConfigureAwait(false);
    }

    internal static EvidenceDestruction Read(ReadOnlyMemory<byte> bytes, string id)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 2 });
            JsonElement root = document.RootElement;
            string reason = root.GetProperty("reason").GetString() ?? string.Empty;
            return new EvidenceDestruction(
                root.GetProperty("evidence").GetString() == id ? id : throw EvidenceRecord.Damaged(),
                root.GetProperty("purpose").GetString() ?? string.Empty,
                root.GetProperty("sealed_sha256").GetString() ?? string.Empty,
                root.GetProperty("destroyed").GetDateTimeOffset(),
                Enum.GetValues<EvidenceDestructionReason>().First(r => Name(r) == reason));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw EvidenceRecord.Damaged();
        }
    }

    private static string Name(EvidenceDestructionReason reason) => reason switch
    {
        EvidenceDestructionReason.RetentionEnded => "retention-ended",
        EvidenceDestructionReason.Unneeded => "unneeded",
        _ => "ordered",
    };
}
