using System.Globalization;
using System.Text.Json;

namespace SafetySdk.Matching.Exchanges;

/// <summary>How far a pull came: the range, the page within it, and how much of the records file belongs to that.</summary>
internal sealed record PullCheckpoint(string Exchange, string Url)
{
    /// <summary>Where the range begins: everything before it was pulled to its end.</summary>
    public string From { get; init; } = string.Empty;

    /// <summary>Where the range that is being pulled ends; null between ranges.</summary>
    public string? To { get; init; }

    /// <summary>Link or token of the page to pull next; null at the beginning of a range.</summary>
    public string? Next { get; init; }

    /// <summary>When <see cref="Next"/> was given.</summary>
    public DateTimeOffset NextGiven { get; init; }

    /// <summary>Bytes of the records file that are whole.</summary>
    public long Length { get; init; }

    /// <summary>Reads the checkpoint; null where there is none.</summary>
    public static PullCheckpoint? Load(string path, string exchange)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            return new PullCheckpoint(root.GetProperty("exchange").GetString()!, root.GetProperty("url").GetString()!)
            {
                From = root.GetProperty("from").GetString()!,
                To = root.GetProperty("to").GetString(),
                Next = root.GetProperty("next").GetString(),
                NextGiven = root.GetProperty("next_given").GetDateTimeOffset(),
                Length = root.GetProperty("length").GetInt64(),
            };
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or IOException or UnauthorizedAccessException)
        {
            throw new ExchangeException(
                ExchangeError.Storage, exchange, "the checkpoint cannot be read; remove it and the records file to pull everything anew.");
        }
    }

    /// <summary>Writes the checkpoint beside itself, flushes it and puts it in place: readers see the old one or this one.</summary>
    public void Save(string path)
    {
        string temporary = path + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            using (var json = new Utf8JsonWriter(stream))
            {
                json.WriteStartObject();
                json.WriteString("exchange", Exchange);
                json.WriteString("url", Url);
                json.WriteString("from", From);
                json.WriteString("to", To);
                json.WriteString("next", Next);
                json.WriteString("next_given", NextGiven.ToString("O", CultureInfo.InvariantCulture));
                json.WriteNumber("length", Length);
                json.WriteEndObject();
            }

            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
