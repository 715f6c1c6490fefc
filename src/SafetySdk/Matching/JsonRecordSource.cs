using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>
/// The records of a JSON document, streamed: an array at the root, one of several named arrays of an object, or objects one after another.
/// </summary>
internal sealed class JsonRecordSource : RecordSource
{
    private const int MaxDepth = 24;
    private static readonly string[] Arrays = ["hashRecords", "results", "data", "threat_updates", "signals", "content"];

    private readonly Stream _stream;
    private readonly HashListFormat _format;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _start;
    private int _end;
    private bool _ended;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = MaxDepth, AllowMultipleValues = true });
    private string? _property;
    private bool _inRecords;
    private bool _rootEnded;
    private bool _listed;

    public JsonRecordSource(Stream stream, string name, HashListFormat format, HashListOptions options)
        : base(name, options)
    {
        _stream = stream;
        _format = format;

        // A file of records without any is whole, too: nothing has been pulled yet.
        _rootEnded = format == HashListFormat.Records;
    }

    private enum Step
    {
        NeedsMore,
        Moved,
        Item,
        Ended,
    }

    public override void Dispose()
    {
        byte[] buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            buffer.AsSpan().Clear();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override HashListRecord? ReadNext()
    {
        while (true)
        {
            Step step = Advance(out JsonDocument? item);
            using (item)
            {
                if (step == Step.Ended)
                {
                    return null;
                }

                if (step == Step.NeedsMore)
                {
                    Fill();
                }
                else if (step == Step.Item)
                {
                    Number++;
                    if (Try(() => Build(item!.RootElement)) is { } record)
                    {
                        return record;
                    }
                }
            }
        }
    }

    // One token, or one whole value. Nothing is consumed where the buffer does not hold it to its end.
    private Step Advance(out JsonDocument? item)
    {
        item = null;
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _ended, _state);
        if (!reader.Read())
        {
            return !_ended ? Step.NeedsMore : _rootEnded ? Step.Ended : throw Malformed();
        }

        int depth = reader.CurrentDepth;
        Step step = Step.Moved;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when _inRecords || (depth == 0 && _format == HashListFormat.Records):
            case JsonTokenType.String when _inRecords && _format == HashListFormat.VPdq:
                if (!JsonDocument.TryParseValue(ref reader, out item))
                {
                    return Step.NeedsMore;
                }

                _rootEnded |= depth == 0;
                step = Step.Item;
                break;
            case JsonTokenType.StartObject when depth == 0 && !_rootEnded && _format != HashListFormat.VPdq:
                break;
            case JsonTokenType.StartArray when depth == 0 && !_rootEnded && _format != HashListFormat.Records:
            case JsonTokenType.StartArray when depth == 1 && !_inRecords && Arrays.Contains(_property):
                _inRecords = true;
                _listed = true;
                break;
            case JsonTokenType.EndArray when _inRecords:
                _inRecords = false;
                _rootEnded |= depth == 0;
                break;
            case JsonTokenType.EndObject when depth == 0 && !_listed:
                // An error page with a good status, for example: not a list without entries.
                throw Error(HashListError.UnknownFormat, "the object has no list of records; name the format, or is it an error page?");
            case JsonTokenType.EndObject when depth == 0:
                _rootEnded = true;
                break;
            case JsonTokenType.PropertyName when depth == 1 && !_inRecords:
                _property = reader.GetString();
                break;
            case { } when depth == 1 && !_inRecords:
                if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? value))
                {
                    return Step.NeedsMore;
                }

                using (value)
                {
                    TakeProperty(value.RootElement);
                }

                break;
            default:
                throw Wrong("the list of records");
        }

        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return step;
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            int most = _format == HashListFormat.Records ? MaxLineBytes : MaxRecordBytes;
            if (_buffer.Length >= most)
            {
                throw TooLarge(most);
            }

            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            _buffer.AsSpan().Clear();
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
    }

    private void TakeProperty(JsonElement value)
    {
        switch (_property)
        {
            case "nextPageToken" or "next":
                Next = value.ValueKind == JsonValueKind.Null ? null : Text(value, _property);
                break;
            case "nextSetTimestamp" or "checkpoint":
                NextSet = value.ValueKind == JsonValueKind.Null ? null : Text(value, _property);
                break;
            case "hasMoreRecords":
                HasMore = value.ValueKind == JsonValueKind.True
                    || (value.ValueKind == JsonValueKind.False ? false : throw Wrong("hasMoreRecords"));
                break;
            case "paging" when value.ValueKind == JsonValueKind.Object:
                Next = Find(value, "next");
                break;
            case { } when Arrays.Contains(_property):
                _listed = value.ValueKind == JsonValueKind.Null ? true : throw Wrong("the list of records");
                break;
            default:
                break;
        }
    }

    private HashListRecord Build(JsonElement item) => _format switch
    {
        HashListFormat.StopNcii => StopNcii(item),
        HashListFormat.TechAgainstTerrorism => TechAgainstTerrorism(item),
        HashListFormat.ThreatExchangeJson => ThreatExchange(item),
        HashListFormat.VPdq => VPdq(item),
        _ => Record(item),
    };

    private HashListRecord StopNcii(JsonElement item)
    {
        string type = Need(item, "signalType");
        string value = Need(item, "hashValue");
        string status = Need(item, "hashStatus").ToLowerInvariant();
        List<string> labels = [.. Options.Labels];
        string? id = null;
        if (item.TryGetProperty("caseNumbers", out JsonElement cases) && cases.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in cases.EnumerateObject())
            {
                id ??= property.Name;
            }
        }

        if (item.TryGetProperty("CSPFeedbacks", out JsonElement feedbacks) && feedbacks.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement feedback in feedbacks.EnumerateArray())
            {
                AddLabels(labels, feedback, "tags");
                if (Find(feedback, "feedbackValue") is { } given and not "None")
                {
                    labels.Add("feedback:" + given.ToLowerInvariant());
                }
            }
        }

        bool removed = status is "withdrawn" or "deleted";
        var fingerprints = new List<HashFingerprint>();
        if (!removed)
        {
            Add(fingerprints, type, value);
        }

        return new HashListRecord(Key("stopncii", type, value), string.IsNullOrEmpty(id) ? Numbered() : id, Name, fingerprints)
        {
            Removed = removed,
            State = status,
            Labels = Distinct(labels),
            Updated = Stamp(item, "lastModtimestamp"),
        };
    }

    private HashListRecord TechAgainstTerrorism(JsonElement item)
    {
        string id = Need(item, "id");
        bool removed = Flag(item, "deleted");
        List<string> labels = [.. Options.Labels];
        AddLabels(labels, item, "file_type");
        var fingerprints = new List<HashFingerprint>();
        if (!removed)
        {
            Add(fingerprints, Need(item, "algorithm"), Need(item, "hash_digest"));
        }

        return new HashListRecord("tat:" + id, id, Name, fingerprints)
        {
            Removed = removed,
            Classification = Blank(Find(item, "ideology")),
            State = removed ? "deleted" : "active",
            Labels = Distinct(labels),
            Updated = Stamp(item, "updated_on"),
        };
    }

    private HashListRecord ThreatExchange(JsonElement item)
    {
        string? id = Find(item, "id", "bank_content_id", "indicator_id");
        string? type = Find(item, "type", "signal_type", "indicator_type", "hash_type");
        string? value = Find(item, "indicator", "raw_indicator", "signal_value", "signal", "hash", "hash_value", "value");
        string? status = Blank(Find(item, "status", "review_status"))?.ToLowerInvariant();
        List<string> labels = [.. Options.Labels];
        AddLabels(labels, item, "tags");
        AddOwner(labels, item);
        if (item.TryGetProperty("descriptors", out JsonElement descriptors))
        {
            if (descriptors.ValueKind == JsonValueKind.Object && descriptors.TryGetProperty("data", out JsonElement data))
            {
                descriptors = data;
            }

            if (descriptors.ValueKind != JsonValueKind.Array)
            {
                throw Wrong("descriptors");
            }

            foreach (JsonElement descriptor in descriptors.EnumerateArray())
            {
                AddLabels(labels, descriptor, "tags");
                AddOwner(labels, descriptor);
                status ??= Blank(Find(descriptor, "status"))?.ToLowerInvariant();
            }
        }

        bool removed = Flag(item, "should_delete") || Flag(item, "deleted");
        var fingerprints = new List<HashFingerprint>();
        if (item.TryGetProperty("signals", out JsonElement signals) && signals.ValueKind == JsonValueKind.Object)
        {
            // HMA: one piece of content with a fingerprint of each type.
            foreach (JsonProperty signal in signals.EnumerateObject())
            {
                Add(fingerprints, signal.Name, Text(signal.Value, "a signal"));
            }
        }
        else if (!removed || (type is not null && value is not null))
        {
            Add(fingerprints, type ?? throw Missing("type"), value ?? throw Missing("indicator"));
        }

        if (id is null && (type is null || value is null))
        {
            throw Missing("id");
        }

        string key = id is not null ? "threatexchange:" + id : Key("threatexchange", type!, value!);
        return new HashListRecord(key, id ?? Numbered(), Name, removed ? [] : fingerprints)
        {
            Removed = removed,
            State = status,
            Labels = Distinct(labels),
            Updated = Stamp(item, "last_updated"),
        };
    }

    private HashListRecord VPdq(JsonElement item)
    {
        string[] parts = item.ValueKind == JsonValueKind.String ? item.GetString()!.Split(',') : throw Wrong("a frame");
        if (parts.Length != 3 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int quality))
        {
            throw Wrong("a frame");
        }

        var fingerprints = new List<HashFingerprint>();
        Add(fingerprints, "pdq", parts[0], quality: quality);
        return new HashListRecord($"vpdq:{Name}:{Number}", Numbered(), Name, fingerprints) { Labels = Options.Labels };
    }

    private HashListRecord Record(JsonElement item)
    {
        List<string> labels = [.. Options.Labels];
        AddLabels(labels, item, "labels");
        var fingerprints = new List<HashFingerprint>();
        if (!item.TryGetProperty("fingerprints", out JsonElement all) || all.ValueKind != JsonValueKind.Array)
        {
            throw Missing("fingerprints");
        }

        foreach (JsonElement one in all.EnumerateArray())
        {
            bool has = one.ValueKind == JsonValueKind.Object && one.TryGetProperty("value", out _);
            string value = Text(has ? one.GetProperty("value") : one, "value");
            Add(fingerprints, Need(one, "type"), value, value.Length == 0 ? Find(one, "link") ?? string.Empty : null);
        }

        return new HashListRecord(Need(item, "record"), Need(item, "id"), Need(item, "source"), fingerprints)
        {
            Removed = Flag(item, "removed"),
            Classification = Find(item, "classification"),
            State = Find(item, "state"),
            Labels = Distinct(labels),
            Updated = Stamp(item, "updated"),
        };
    }

    private static IReadOnlyList<string> Distinct(List<string> labels) => [.. labels.Distinct(StringComparer.Ordinal)];

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    // Values can be as long as a video's fingerprint; a key need not.
    private static string Key(string exchange, string type, string value)
        => $"{exchange}:{type.ToLowerInvariant()}:" + (value.Length <= 128
            ? value.ToLowerInvariant()
            : FileDigests.Sha256(Encoding.UTF8.GetBytes(value)));

    private string Numbered() => string.Create(CultureInfo.InvariantCulture, $"{Name}:{Number}");

    private string Need(JsonElement item, string property)
        => Find(item, property) is { Length: > 0 } text ? text : throw Missing(property);

    private string? Find(JsonElement item, params ReadOnlySpan<string> properties)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("a record");
        }

        foreach (string property in properties)
        {
            if (item.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
            {
                return Text(value, property);
            }
        }

        return null;
    }

    private string Text(JsonElement value, string what) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw Wrong(what),
    };

    private bool Flag(JsonElement item, string property)
        => item.TryGetProperty(property, out JsonElement value) && value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => throw Wrong(property),
        };

    // Seconds since 1970, or ISO 8601.
    private DateTimeOffset? Stamp(JsonElement item, string property)
    {
        string? text = Find(item, property);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            ? seconds <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Wrong(property)
            : Time(text);
    }

    // ["a"], {"data": [{"text": "a"}]}, or "a".
    private void AddLabels(List<string> labels, JsonElement item, string property)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("a record");
        }

        if (!item.TryGetProperty(property, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("data", out JsonElement data))
        {
            value = data;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            labels.AddRange(Text(value, property).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            return;
        }

        foreach (JsonElement label in value.EnumerateArray())
        {
            string text = label.ValueKind == JsonValueKind.Object ? Find(label, "text", "name") ?? string.Empty : Text(label, property);
            if (text.Length > 0)
            {
                labels.Add(text);
            }
        }
    }

    private void AddOwner(List<string> labels, JsonElement item)
    {
        if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("owner", out JsonElement owner) && owner.ValueKind != JsonValueKind.Null)
        {
            string? id = owner.ValueKind == JsonValueKind.Object ? Find(owner, "id", "name") : Text(owner, "owner");
            if (!string.IsNullOrEmpty(id))
            {
                labels.Add("owner:" + id);
            }
        }
    }
}
