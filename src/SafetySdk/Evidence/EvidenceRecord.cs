using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SafetySdk.Evidence;

/// <summary>What is known about a piece of evidence without opening it. Authenticated together with its key.</summary>
/// <param name="Id">32 hexadecimal digits, random.</param>
/// <param name="Purpose">What it is kept for, as a name of the host; no content.</param>
/// <param name="CreatedAt">When it was sealed.</param>
public sealed record EvidenceRecord(string Id, string Purpose, DateTimeOffset CreatedAt)
{
    internal const int MaxNameLength = 100;
    internal const int MaxBytes = 16 * 1024;

    private const int IdLength = 32;
    private const string TimeFormat = "O";

    /// <summary>Until when it is kept at least; afterwards <see cref="EvidenceVault.ExpireAsync"/> destroys it.</summary>
    public DateTimeOffset KeepUntil { get; init; }

    /// <summary>Whether a report needs it; see <see cref="EvidenceVault.KeepAsync"/>.</summary>
    public bool IsKept { get; init; }

    /// <summary>Bytes of the content.</summary>
    public long Length { get; init; }

    /// <summary>SHA-256 of the sealed bytes, 64 hexadecimal digits: says which bytes were destroyed, and nothing of the content.</summary>
    public string SealedDigest { get; init; } = string.Empty;

    /// <summary>The host's key that it is sealed under.</summary>
    public string KeyId { get; init; } = string.Empty;

    internal ReadOnlyMemory<byte> WrappedKey { get; init; }

    /// <summary>Says the purpose only.</summary>
    public override string ToString() => $"{nameof(EvidenceRecord)} {{ {Purpose} }}";

    internal static bool IsId(string id) => id.Length == IdLength && id.All(char.IsAsciiHexDigitLower);

    internal static EvidenceException Damaged()
        => new(EvidenceError.Damaged, "The evidence is not what was sealed, or was sealed under another key of that name; restore it.");

    /// <summary>What the wrapped key belongs to: nothing of it can be changed without breaking the seal.</summary>
    internal byte[] AssociatedData()
        => Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"safety-evidence-v1\0{Id}\0{Purpose}\0{CreatedAt.UtcTicks}\0{KeepUntil.UtcTicks}\0{IsKept}\0{Length}\0{SealedDigest}"));

    internal async ValueTask WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteString("purpose", Purpose);
            json.WriteString("created", CreatedAt.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteString("keep_until", KeepUntil.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteBoolean("kept", IsKept);
            json.WriteNumber("length", Length);
            json.WriteString("sealed_sha256", SealedDigest);
            json.WriteString("key_id", KeyId);
            json.WriteBase64String("key", WrappedKey.Span);
            json.WriteEndObject();
        }

        await stream.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="EvidenceException">It is damaged, or another's.</exception>
    internal static EvidenceRecord Read(ReadOnlyMemory<byte> bytes, string id)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 2 });
            JsonElement root = document.RootElement;
            var record = new EvidenceRecord(Text(root, "id"), Text(root, "purpose"), root.GetProperty("created").GetDateTimeOffset())
            {
                KeepUntil = root.GetProperty("keep_until").GetDateTimeOffset(),
                IsKept = root.GetProperty("kept").GetBoolean(),
                Length = root.GetProperty("length").GetInt64(),
                SealedDigest = Text(root, "sealed_sha256"),
                KeyId = Text(root, "key_id"),
                WrappedKey = root.GetProperty("key").GetBytesFromBase64(),
            };
            return record.Id == id && record.Length >= 0 ? record : throw Damaged();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged();
        }
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw Damaged();
}
