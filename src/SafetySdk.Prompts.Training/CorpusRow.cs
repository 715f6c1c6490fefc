using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace SafetySdk.Prompts.Training;

/// <summary>A labelled text. A category that is neither in <see cref="Positive"/> nor in <see cref="Negative"/> is unknown.</summary>
internal sealed record CorpusRow(string Text, string Source, string Form, string Language, string Group)
{
    public required IReadOnlySet<string> Positive { get; init; }

    public required IReadOnlySet<string> Negative { get; init; }

    /// <summary>1 harmful, 0 harmless, -1 unknown.</summary>
    public required int Unsafe { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether the label is noisy.</summary>
    public bool Weak { get; init; }
}

/// <summary>The corpus cannot be read. The message gives file and line, never a text.</summary>
internal sealed class CorpusException(string message) : Exception(message);

/// <summary>Reads the corpus: JSON lines, gzip.</summary>
internal static class CorpusReader
{
    private const long MaxCharacters = 1L << 30;

    /// <summary>Every row of a file, in its order.</summary>
    /// <exception cref="CorpusException">A line is not what the corpus holds.</exception>
    public static List<CorpusRow> Read(string path)
    {
        var rows = new List<CorpusRow>();
        long characters = 0;
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            characters += line.Length;
            if (characters > MaxCharacters)
            {
                throw new CorpusException($"{Path.GetFileName(path)}: more than {MaxCharacters} characters.");
            }

            try
            {
                using var document = JsonDocument.Parse(line);
                rows.Add(Row(document.RootElement));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new CorpusException($"{Path.GetFileName(path)}, line {rows.Count + 1}: not a row of the corpus ({e.GetType().Name}).");
            }
        }

        return rows;
    }

    private static CorpusRow Row(JsonElement row)
        => new(Text(row, "text"), Text(row, "source"), Text(row, "form"), Text(row, "lang"), Text(row, "g"))
        {
            Positive = Set(row, "pos"),
            Negative = Set(row, "neg"),
            Unsafe = row.GetProperty("unsafe").GetInt32(),
            Weak = row.GetProperty("weak").GetInt32() != 0,
            Tags = [.. Set(row, "tags")],
        };

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString() ?? throw new FormatException();

    private static HashSet<string> Set(JsonElement row, string name)
        => [.. row.GetProperty(name).EnumerateArray().Select(static e => e.GetString() ?? throw new FormatException())];
}
