using System.Text;
using System.Text.Json;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>One fingerprint of a record.</summary>
/// <param name="Type">Lower-case name, for example <c>pdq</c>, <c>photodna</c>, <c>tmk_pdqf</c>; <c>other</c> where it is not
/// known.</param>
/// <param name="Kind">The kind that is compared here; null where it is only kept.</param>
/// <param name="Value">Lower-case hexadecimal digits, or as the list gives it where the kind is null; empty where the list only links
/// it.</param>
public sealed record HashFingerprint(string Type, HashKind? Kind, string Value)
{
    /// <summary>Where the list says that the value is, as it writes that; null where it gives the value itself. Nothing follows it.</summary>
    public string? Link { get; init; }

    /// <summary>Longest value that is kept of a type that is not compared, in characters.</summary>
    public const int MaxValueLength = 512 * 1024;

    /// <summary>Type of a PDQ hash whose list says that its quality is below the gate: kept, never compared.</summary>
    public const string LowQuality = "pdq_low_quality";

    // Names as the exchanges give them, without HASH_ and with _ for -.
    private static readonly Dictionary<string, (string Type, HashKind? Kind)> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["pdq"] = ("pdq", HashKind.Pdq),
        ["imagepdq"] = ("pdq", HashKind.Pdq),
        ["md5"] = ("md5", HashKind.Md5),
        ["video_md5"] = ("md5", HashKind.Md5),
        ["videomd5"] = ("md5", HashKind.Md5),
        ["sha1"] = ("sha1", HashKind.Sha1),
        ["sha256"] = ("sha256", HashKind.Sha256),
        ["video_sha256"] = ("sha256", HashKind.Sha256),
        ["pdna"] = ("photodna", null),
        ["photodna"] = ("photodna", null),
        ["ssvh_pdna"] = ("ssvh_pdna", null),
        ["ssvh_safer_hash"] = ("ssvh_safer_hash", null),
        ["netclean"] = ("netclean", null),
        ["videntifier"] = ("videntifier", null),
        ["tmk"] = ("tmk_pdqf", null),
        ["tmk_pdqf"] = ("tmk_pdqf", null),
        ["videotmk"] = ("tmk_pdqf", null),
        ["vpdq"] = ("vpdq", null),
        ["video_vpdq"] = ("vpdq", null),
        ["sha512"] = ("sha512", null),
        ["pdq_ocr"] = ("pdq_ocr", null),
        ["text_tlsh"] = ("text_tlsh", null),
        ["url_md5"] = ("url_md5", null),
        ["text"] = ("text", null),
        ["raw_text"] = ("text", null),
        ["trend_query"] = ("trend_query", null),
        ["url"] = ("url", null),
        [LowQuality] = (LowQuality, null),
    };

    /// <summary>Names the type, and does not show the value.</summary>
    public override string ToString() => $"{nameof(HashFingerprint)} {{ {Type} }}";

    /// <summary>Reads a fingerprint.</summary>
    /// <param name="type">Name of the type as an exchange gives it.</param>
    /// <param name="value">The value.</param>
    /// <param name="quality">PDQ's quality, where the list gives it.</param>
    /// <param name="name">Name of the list, for the error.</param>
    /// <param name="where">Place in the list, for the error.</param>
    /// <param name="line">Line in the list, 0 where it has none, for the error.</param>
    /// <exception cref="HashListException">The value is not a hash of its type, or too long.</exception>
    internal static HashFingerprint Parse(string type, string value, int? quality, string name, string where, long line)
    {
        value = value.Trim();
        (string canonical, HashKind? kind) = Find(type);
        if (kind is not { } known)
        {
            return value.Length <= MaxValueLength
                ? new HashFingerprint(canonical, null, value)
                : throw new HashListException(HashListError.TooLarge, name, line, $"{where}: a fingerprint is longer than {MaxValueLength} characters.");
        }

        Span<byte> digest = stackalloc byte[PdqHash.ByteCount];
        digest = digest[..known.ByteCount()];
        if (value.Length != digest.Length * 2)
        {
            throw new HashListException(
                HashListError.WrongLength, name, line, $"{where}: the {canonical} hash has {value.Length} characters, not {digest.Length * 2}.");
        }

        if (!Hexadecimal.TryParse(value, digest))
        {
            throw new HashListException(
                HashListError.NotHexadecimal, name, line, $"{where}: the {canonical} hash has a character that is not a hexadecimal digit.");
        }

        string digits = Convert.ToHexStringLower(digest);
        return known == HashKind.Pdq && quality < PdqHasher.QualityGate
            ? new HashFingerprint(LowQuality, null, digits)
            : new HashFingerprint(canonical, known, digits);
    }

    /// <summary>A fingerprint that the list only links: kept by type and link, without a value, and never compared.</summary>
    internal static HashFingerprint Linked(string type, string? link) => new(Find(type).Type, null, string.Empty) { Link = link };

    private static (string Type, HashKind? Kind) Find(string type)
    {
        string plain = type.Trim().Replace('-', '_');
        plain = plain.StartsWith("HASH_", StringComparison.OrdinalIgnoreCase) ? plain[5..] : plain;
        return Known.GetValueOrDefault(plain, ("other", null));
    }
}

/// <summary>What a list says of one item: its fingerprints, or that it was taken off.</summary>
/// <param name="Key">What a later record of the same item has too; begins with the name of the exchange.</param>
/// <param name="Id">Identifier in results, not empty.</param>
/// <param name="Source">Name of the list.</param>
/// <param name="Fingerprints">All fingerprints, also those of types that are not compared here.</param>
public sealed record HashListRecord(string Key, string Id, string Source, IReadOnlyList<HashFingerprint> Fingerprints)
{
    /// <summary>Longest identifier, label, class or state, in characters.</summary>
    public const int MaxTextLength = 1024;

    // Lines are read by this library alone; base64 would grow by its plus signs.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the item was taken off the list (a tombstone).</summary>
    public bool Removed { get; init; }

    /// <summary>The list's class of the content, for example <c>A1</c>.</summary>
    public string? Classification { get; init; }

    /// <summary>The list's state, lower case.</summary>
    public string? State { get; init; }

    /// <summary>The list's labels; may be empty.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>When the list last changed it; an older record does not replace a newer one.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>Names the list, and shows neither key nor identifier, labels or fingerprints.</summary>
    public override string ToString() => $"{nameof(HashListRecord)} {{ {Fingerprints.Count} fingerprints of {Source} }}";

    /// <summary>Writes the record as one line of <see cref="HashListFormat.Records"/>.</summary>
    internal void Write(Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("record", Key);
            json.WriteString("id", Id);
            json.WriteString("source", Source);
            if (Removed)
            {
                json.WriteBoolean("removed", true);
            }

            if (Classification is not null)
            {
                json.WriteString("classification", Classification);
            }

            if (State is not null)
            {
                json.WriteString("state", State);
            }

            if (Updated is { } updated)
            {
                json.WriteString("updated", updated);
            }

            json.WriteStartArray("labels");
            foreach (string label in Labels)
            {
                json.WriteStringValue(label);
            }

            json.WriteEndArray();
            json.WriteStartArray("fingerprints");
            foreach (HashFingerprint fingerprint in Fingerprints)
            {
                json.WriteStartObject();
                json.WriteString("type", fingerprint.Type);
                json.WriteString("value", fingerprint.Value);
                if (fingerprint.Link is not null)
                {
                    json.WriteString("link", fingerprint.Link);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>Refuses text that results and indexes cannot carry, and more than a line of <see cref="HashListFormat.Records"/>
    /// holds.</summary>
    internal HashListRecord Checked(string where, long line = 0)
    {
        // What an item takes beside its text, and the most that a character becomes.
        const int PerItem = 64;
        const int PerCharacter = 6;
        long most = PerItem * (8L + Labels.Count + Fingerprints.Count);
        foreach (string? text in (IEnumerable<string?>)
            [Key, Id, Source, Classification, State, .. Labels, .. Fingerprints.SelectMany(one => (string?[])[one.Type, one.Value, one.Link])])
        {
            most += PerCharacter * (long)(text?.Length ?? 0);
        }

        if (most > RecordSource.MaxLineBytes && Size() > RecordSource.MaxLineBytes)
        {
            throw new HashListException(
                HashListError.TooLarge, Source, line, $"{where}: larger than {RecordSource.MaxLineBytes} bytes; its fingerprints cannot be kept.");
        }

        foreach (string text in (IEnumerable<string>)[Key, Id, Classification ?? "-", State ?? "-", .. Labels])
        {
            if (text.Length is 0 or > MaxTextLength || text.Any(char.IsControl) || !IsUnicode(text))
            {
                throw new HashListException(
                    HashListError.InvalidText, Source, line,
                    $"{where}: identifiers, labels, classes and states are 1 to {MaxTextLength} characters without control characters.");
            }
        }

        return this;
    }

    private int Size()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return (int)stream.Length;
    }

    private static bool IsUnicode(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && !text.Contains('\uFFFD'))
            {
                return false;
            }
        }

        return true;
    }
}
