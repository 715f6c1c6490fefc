using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Kernels;

namespace SafetySdk.Prompts.Learned;

/// <summary>What a model file holds. Immutable.</summary>
/// <remarks>
/// Magic <c>SAFETYPM</c>; version of the format and length of the header, 32 bits little-endian each; header, JSON, padded with spaces so
/// that the table begins at a multiple of 64; table, sixteen signed bytes a row, rows of words first; SHA-256 of everything before it.
/// </remarks>
internal sealed class PromptModelFile
{
    public const int MaxBytes = 64 << 20;
    public const int MinBits = 8;
    public const int MaxBits = 20;

    private const string Model = "prompt-model";
    private const uint Format = 1;
    private const int HeadBytes = 16;
    private const int Alignment = 64;
    private const int MaxHeader = 1 << 16;
    private const int DigestCharacters = 12;
    private static readonly PromptSurface[] Surfaces = Enum.GetValues<PromptSurface>();

    /// <summary>Heads, in the order of the columns.</summary>
    public required IReadOnlyList<PromptModelHead> Heads { get; init; }

    public required int WordBits { get; init; }

    public required int CharBits { get; init; }

    /// <summary>Sixteen signed bytes a row.</summary>
    public required sbyte[] Table { get; init; }

    /// <summary>Beginning of the SHA-256.</summary>
    public string Version { get; private init; } = string.Empty;

    private static ReadOnlySpan<byte> Magic => "SAFETYPM"u8;

    public static PromptModelFile Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeadBytes + SHA256.HashSizeInBytes || file.Length > MaxBytes || !file.StartsWith(Magic))
        {
            throw Damaged("it is no prompt model");
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file[..^SHA256.HashSizeInBytes], digest);
        if (!digest.SequenceEqual(file[^SHA256.HashSizeInBytes..]))
        {
            throw Damaged("its SHA-256 is not the one it ends with: it was cut off or changed");
        }

        uint format = BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(file[12..]);
        if (format != Format)
        {
            throw Mismatch(string.Create(CultureInfo.InvariantCulture, $"its format is {format}; this library reads {Format}"));
        }

        if (header > MaxHeader || header > (uint)(file.Length - HeadBytes - SHA256.HashSizeInBytes))
        {
            throw Mismatch("its header is longer than the file or than 64 KiB");
        }

        ReadOnlySpan<byte> table = file[(HeadBytes + (int)header)..^SHA256.HashSizeInBytes];
        try
        {
            using var document = JsonDocument.Parse(file.Slice(HeadBytes, (int)header).ToArray());
            JsonElement root = document.RootElement;
            int wordBits = root.GetProperty("word_bits").GetInt32();
            int charBits = root.GetProperty("char_bits").GetInt32();
            if (wordBits is < MinBits or > MaxBits || charBits is < MinBits or > MaxBits
                || table.Length != ((1 << wordBits) + (1 << charBits)) * RowSum.Width)
            {
                throw Mismatch("the table is not as large as the header says");
            }

            PromptModelHead[] heads = [.. root.GetProperty("heads").EnumerateArray().Select(ReadHead)];
            if (heads.Length is 0 or > RowSum.Width || heads.DistinctBy(static h => h.Name).Count() != heads.Length)
            {
                throw Mismatch("it has no head, more than sixteen, or two of one name");
            }

            return new PromptModelFile
            {
                Heads = heads,
                WordBits = wordBits,
                CharBits = charBits,
                Table = MemoryMarshal.Cast<byte, sbyte>(table).ToArray(),
                Version = Convert.ToHexStringLower(digest)[..DigestCharacters],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Mismatch("its header is not what this library reads");
        }
    }

    /// <summary>Writes the file.</summary>
    public byte[] Write()
    {
        var header = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteNumber("word_bits", WordBits);
            json.WriteNumber("char_bits", CharBits);
            json.WriteStartArray("heads");
            foreach (PromptModelHead head in Heads)
            {
                WriteHead(json, head);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        int padded = ((HeadBytes + header.WrittenCount + Alignment - 1) / Alignment * Alignment) - HeadBytes;
        var file = new byte[HeadBytes + padded + Table.Length + SHA256.HashSizeInBytes];
        Magic.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), Format);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), (uint)padded);
        header.WrittenSpan.CopyTo(file.AsSpan(HeadBytes));
        file.AsSpan(HeadBytes + header.WrittenCount, padded - header.WrittenCount).Fill((byte)' ');
        MemoryMarshal.AsBytes(Table.AsSpan()).CopyTo(file.AsSpan(HeadBytes + padded));
        SHA256.HashData(file.AsSpan(0, file.Length - SHA256.HashSizeInBytes), file.AsSpan(file.Length - SHA256.HashSizeInBytes));
        return file;
    }

    public static ModelException Damaged(string what)
        => new(ModelError.Damaged, Model, $"The prompt model cannot be used: {what}. Restore the file, or train one: safety prompts train.");

    private static ModelException Mismatch(string what)
        => new(ModelError.Mismatch, Model, $"The prompt model cannot be used: {what}. Take a file of this version, or train one: safety prompts train.");

    private static PromptModelHead ReadHead(JsonElement head)
    {
        string name = head.GetProperty("name").GetString() ?? throw Mismatch("a head has no name");
        if (name != LearnedPromptClassifier.Unsafe && !SafetyCategories.TryParse(name, out _))
        {
            throw Mismatch("a head is of no known category");
        }

        var thresholds = new Dictionary<PromptSurface, PromptThresholds>();
        JsonElement all = head.GetProperty("thresholds");
        foreach (PromptSurface surface in Surfaces)
        {
            JsonElement pair = all.GetProperty(SnakeCase.From(surface.ToString()));
            var found = new PromptThresholds(Finite(pair, "review"), Finite(pair, "block"));
            thresholds[surface] = found.Review <= found.Block ? found : throw Mismatch("a review threshold is above that of blocking");
        }

        float slope = Finite(head, "slope");
        return new PromptModelHead(name, head.GetProperty("windows").GetBoolean(), slope > 0 ? slope : throw Mismatch("a slope is not above 0"),
            Finite(head, "intercept"), thresholds)
        {
            Bias = Finite(head, "bias"),
            WordScale = Finite(head, "word_scale"),
            CharScale = Finite(head, "char_scale"),
        };
    }

    private static void WriteHead(Utf8JsonWriter json, PromptModelHead head)
    {
        json.WriteStartObject();
        json.WriteString("name", head.Name);
        json.WriteBoolean("windows", head.Windows);
        json.WriteNumber("bias", head.Bias);
        json.WriteNumber("word_scale", head.WordScale);
        json.WriteNumber("char_scale", head.CharScale);
        json.WriteNumber("slope", head.Slope);
        json.WriteNumber("intercept", head.Intercept);
        json.WriteStartObject("thresholds");
        foreach (PromptSurface surface in Surfaces)
        {
            json.WriteStartObject(SnakeCase.From(surface.ToString()));
            json.WriteNumber("review", head.Thresholds[surface].Review);
            json.WriteNumber("block", head.Thresholds[surface].Block);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static float Finite(JsonElement element, string name)
    {
        float value = element.GetProperty(name).GetSingle();
        return float.IsFinite(value) ? value : throw Mismatch($"its {name} is not finite");
    }
}
