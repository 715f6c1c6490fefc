using System.Globalization;
using System.Text;

namespace SafetySdk.Matching;

/// <summary>ThreatExchange and HMA as comma-separated values with a header line, and vPDQ's <c>frame,quality,hash,timestamp</c>.</summary>
internal sealed class LineRecordSource : RecordSource
{
    private const int MaxColumns = 256;
    private readonly StreamReader _reader;
    private readonly bool _vpdq;
    private string[]? _header;
    private int _pushedBack = -1;
    private long _line = 1;
    private long _next = 1;

    public LineRecordSource(Stream stream, string name, HashListFormat format, HashListOptions options)
        : base(name, options)
    {
        // What is no text becomes a replacement character, for which the row is refused: one bad row does not end the list.
        _reader = new StreamReader(stream, new UTF8Encoding(false), false, 16 * 1024, leaveOpen: true);
        _vpdq = format == HashListFormat.VPdq;
    }

    protected override long Line => _line;

    public override void Dispose() => _reader.Dispose();

    /// <summary>Whether a header line belongs to a ThreatExchange or HMA export.</summary>
    internal static bool IsHeader(IReadOnlyList<string> header)
        => header.Any(column => Is(column, Values)) && header.Any(column => Is(column, Types) || Is(column, Ids));

    private static readonly string[] Values = ["indicator", "raw_indicator", "signal_value", "signal", "hash", "hash_value", "value"];
    private static readonly string[] Types = ["type", "signal_type", "indicator_type", "hash_type"];
    private static readonly string[] Ids = ["id", "bank_content_id", "indicator_id", "descriptor_id"];

    protected override HashListRecord? ReadNext()
    {
        while (ReadRow() is { } row)
        {
            if (row.Count == 1 && row[0].Length == 0)
            {
                continue;
            }

            if (!_vpdq && _header is null)
            {
                _header = [.. row.Select(column => column.Trim().TrimStart('\uFEFF').ToLowerInvariant())];
                if (!IsHeader(_header))
                {
                    throw Error(HashListError.UnknownFormat, "the header line names no hash, or no type or id; is it the right file?");
                }

                continue;
            }

            Number++;
            if (Try(() => row.Exists(field => field.Contains('\uFFFD')) ? throw NotText() : _vpdq ? Frame(row) : Row(row)) is { } record)
            {
                return record;
            }
        }

        return _vpdq || _header is not null ? null : throw Malformed();
    }

    private HashListException NotText() => Error(HashListError.InvalidText, $"{Where}: is not valid UTF-8.");

    private HashListRecord Frame(List<string> row)
    {
        if (row.Count != 4
            || !long.TryParse(row[0], NumberStyles.None, CultureInfo.InvariantCulture, out long frame)
            || !int.TryParse(row[1], NumberStyles.None, CultureInfo.InvariantCulture, out int quality)
            || !double.TryParse(row[3], NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            throw Wrong("a frame");
        }

        var fingerprints = new List<HashFingerprint>();
        Add(fingerprints, "pdq", row[2], quality: quality);
        string id = string.Create(CultureInfo.InvariantCulture, $"{Name}:{frame}");
        return new HashListRecord("vpdq:" + id, id, Name, fingerprints) { Labels = Options.Labels };
    }

    private HashListRecord Row(List<string> row)
    {
        if (row.Count != _header!.Length)
        {
            throw Error(HashListError.WrongType, $"{Where}: has {row.Count} columns, the header has {_header.Length}.");
        }

        string value = Column(row, Values) ?? throw Missing("hash");
        string type = Column(row, Types) ?? value.Trim().Length switch
        {
            32 => "md5",
            40 => "sha1",
            64 => Options.SixtyFourDigits == Hashing.HashKind.Sha256 ? "sha256" : "pdq",
            _ => throw Missing("type"),
        };
        string? id = Column(row, Ids);
        bool removed = (Column(row, ["should_delete", "deleted"]) ?? "false").ToLowerInvariant() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => throw Wrong("should_delete"),
        };
        List<string> labels = [.. Options.Labels];
        labels.AddRange((Column(row, ["tags", "labels"]) ?? string.Empty)
            .Split([',', ';', '|'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        if (Column(row, ["owner", "owner_id", "source"]) is { } owner)
        {
            labels.Add("owner:" + owner);
        }

        int? quality = int.TryParse(Column(row, ["quality"]), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : null;
        var fingerprints = new List<HashFingerprint>();
        if (!removed)
        {
            Add(fingerprints, type, value, quality: quality);
        }

        string numbered = string.Create(CultureInfo.InvariantCulture, $"{Name}:{Number}");
        return new HashListRecord("threatexchange:" + (id ?? $"{type}:{value}".ToLowerInvariant()), id ?? numbered, Name, fingerprints)
        {
            Removed = removed,
            State = Column(row, ["status", "review_status"])?.ToLowerInvariant(),
            Labels = [.. labels.Distinct(StringComparer.Ordinal)],
            Updated = Time(Column(row, ["last_updated", "updated"])),
        };
    }

    private string? Column(List<string> row, string[] names)
    {
        foreach (string name in names)
        {
            int at = Array.IndexOf(_header!, name);
            if (at >= 0 && row[at].Trim() is { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }

    private static bool Is(string column, string[] names) => names.Contains(column, StringComparer.Ordinal);

    // RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes.
    private List<string>? ReadRow()
    {
        var row = new List<string>();
        var field = new StringBuilder();
        bool quoted = false;
        bool any = false;
        int size = 0;
        _line = _next;
        while (true)
        {
            int read = Take();
            if (read < 0)
            {
                if (quoted)
                {
                    throw Malformed();
                }

                if (!any)
                {
                    return null;
                }

                row.Add(field.ToString());
                return row;
            }

            any = true;
            _next += read == '\n' ? 1 : 0;
            if (++size > MaxRecordBytes || row.Count >= MaxColumns)
            {
                throw TooLarge();
            }

            char character = (char)read;
            if (quoted)
            {
                if (character != '"')
                {
                    field.Append(character);
                }
                else if ((_pushedBack = _reader.Read()) == '"')
                {
                    field.Append('"');
                    _pushedBack = -1;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (character == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (character == ',')
            {
                row.Add(field.ToString());
                field.Clear();
            }
            else if (character == '\n')
            {
                row.Add(field.ToString().TrimEnd('\r'));
                return row;
            }
            else
            {
                field.Append(character);
            }
        }
    }

    private int Take()
    {
        if (_pushedBack < 0)
        {
            return _reader.Read();
        }

        int character = _pushedBack;
        _pushedBack = -1;
        return character;
    }
}
