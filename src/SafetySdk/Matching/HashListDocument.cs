using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>Reads lists of every format of <see cref="HashListFormat"/> as records.</summary>
/// <remarks>Streams: memory does not grow with the list. Records are at most 1 MiB; document types, external entities and deep nesting are
/// refused. Thread-safe; one enumeration belongs to one thread.</remarks>
public static class HashListDocument
{
    /// <summary>Most bytes that <see cref="Detect"/> looks at.</summary>
    public const int DetectBytes = 16 * 1024;

    /// <summary>Tells the format by the first bytes of a document.</summary>
    /// <param name="start">The first bytes; more than <see cref="DetectBytes"/> are not looked at.</param>
    /// <returns>The format; null where the content is JSON of no known kind.</returns>
    public static HashListFormat? Detect(ReadOnlySpan<byte> start)
    {
        start = start[..Math.Min(start.Length, DetectBytes)];
        if (start.StartsWith("\uFEFF"u8))
        {
            start = start[3..];
        }

        start = start.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty)
        {
            return HashListFormat.Text;
        }

        // UTF-16 XML begins with a byte order mark.
        return start[0] switch
        {
            (byte)'<' or 0xFF or 0xFE => HashListFormat.Ncmec,
            (byte)'{' or (byte)'[' => DetectJson(start),
            _ => DetectLines(start),
        };
    }

    /// <summary>Reads a file. It is opened when the enumeration starts.</summary>
    /// <param name="path">The file; its name without folders is the list's name.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="HashListException">The file cannot be read, or a record is bad and the options do not take bad records.</exception>
    public static IEnumerable<HashListRecord> Read(string path, HashListOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        using FileStream stream = HashListReader.Open(path, name);
        HashListFormat format = options?.Format ?? DetectFile(stream, name);
        foreach (HashListRecord record in Read(stream, name, format, options))
        {
            yield return record;
        }
    }

    /// <summary>Reads a stream to its end; the caller closes it.</summary>
    /// <param name="stream">The document.</param>
    /// <param name="name">Name of the list, for records and errors.</param>
    /// <param name="format">Its format.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="HashListException">The stream cannot be read, or a record is bad and the options do not take bad
    /// records.</exception>
    public static IEnumerable<HashListRecord> Read(Stream stream, string name, HashListFormat format, HashListOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new HashListOptions();
        return format == HashListFormat.Text
            ? HashListReader.Read(stream, name, options).Select(FromText)
            : ReadRecords(stream, name, format, options);
    }

    /// <summary>A reader over one document of a format other than text.</summary>
    internal static RecordSource Open(Stream stream, string name, HashListFormat format, HashListOptions options)
    {
        switch (format)
        {
            case HashListFormat.Ncmec:
                return new NcmecRecordSource(stream, name, options);
            case HashListFormat.StopNcii or HashListFormat.TechAgainstTerrorism or HashListFormat.ThreatExchangeJson or HashListFormat.Records:
                return new JsonRecordSource(stream, name, format, options);
            case HashListFormat.VPdq:
                // Both forms of vPDQ: the array begins with a bracket, the lines with a number.
                var peeked = new PeekedStream(stream);
                return peeked.First == '['
                    ? new JsonRecordSource(peeked, name, format, options)
                    : new LineRecordSource(peeked, name, format, options);
            case HashListFormat.ThreatExchangeCsv:
                return new LineRecordSource(stream, name, format, options);
            default:
                throw new ArgumentOutOfRangeException(nameof(format));
        }
    }

    /// <summary>Tells the format of a file and goes back to its beginning.</summary>
    internal static HashListFormat DetectFile(FileStream stream, string name)
    {
        byte[] start = ArrayPool<byte>.Shared.Rent(DetectBytes);
        try
        {
            int read = stream.ReadAtLeast(start.AsSpan(0, DetectBytes), DetectBytes, throwOnEndOfStream: false);
            stream.Position = 0;
            return Detect(start.AsSpan(0, read))
                ?? throw new HashListException(HashListError.UnknownFormat, name, 0, "the content is JSON of no known list; name the format.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashListException(HashListError.Unreadable, name, 0, "the list cannot be read; check the disk.", exception);
        }
        finally
        {
            start.AsSpan().Clear();
            ArrayPool<byte>.Shared.Return(start);
        }
    }

    private static IEnumerable<HashListRecord> ReadRecords(Stream stream, string name, HashListFormat format, HashListOptions options)
    {
        using RecordSource source = Open(stream, name, format, options);
        while (source.Read() is { } record)
        {
            yield return record;
        }
    }

    private static HashListRecord FromText(HashListEntry entry)
        => new($"text:{entry.Id}:{entry.Algorithm.Name()}:{entry.Value}", entry.Id, entry.Source,
            [new HashFingerprint(entry.Algorithm.Name(), entry.Algorithm, entry.Value)])
        {
            Labels = entry.Labels,
        };

    private static HashListFormat? DetectJson(ReadOnlySpan<byte> start)
    {
        var reader = new Utf8JsonReader(start, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 }));
        bool results = false;
        bool first = true;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String && reader.CurrentDepth == 1 && first)
                {
                    return HashListFormat.VPdq;
                }

                first &= reader.TokenType is JsonTokenType.StartArray;
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                if (reader.ValueTextEquals("record"u8) && reader.CurrentDepth == 1)
                {
                    return HashListFormat.Records;
                }

                if (reader.ValueTextEquals("hashRecords"u8) || reader.ValueTextEquals("signalType"u8) || reader.ValueTextEquals("nextSetTimestamp"u8))
                {
                    return HashListFormat.StopNcii;
                }

                if (reader.ValueTextEquals("hash_digest"u8))
                {
                    return HashListFormat.TechAgainstTerrorism;
                }

                if (reader.ValueTextEquals("indicator"u8) || reader.ValueTextEquals("raw_indicator"u8) || reader.ValueTextEquals("signal_type"u8)
                    || reader.ValueTextEquals("threat_updates"u8) || reader.ValueTextEquals("should_delete"u8)
                    || reader.ValueTextEquals("bank_content_id"u8) || (reader.ValueTextEquals("data"u8) && reader.CurrentDepth == 1))
                {
                    return HashListFormat.ThreatExchangeJson;
                }

                results |= reader.ValueTextEquals("results"u8);
            }
        }
        catch (JsonException)
        {
            // What was seen before decides; reading it then says what is wrong.
        }

        return results ? HashListFormat.TechAgainstTerrorism : null;
    }

    private static HashListFormat DetectLines(ReadOnlySpan<byte> start)
    {
        int end = start.IndexOf((byte)'\n');
        string line = Encoding.UTF8.GetString(end < 0 ? start : start[..end]).Trim();
        string[] parts = line.Split(',');
        if (parts.Length == 4 && parts[2].Trim().Length == 64
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return HashListFormat.VPdq;
        }

        return LineRecordSource.IsHeader([.. parts.Select(part => part.Trim(' ', '"', '\uFEFF').ToLowerInvariant())])
            ? HashListFormat.ThreatExchangeCsv
            : HashListFormat.Text;
    }

    /// <summary>A stream whose first byte that is no space was looked at.</summary>
    private sealed class PeekedStream : Stream
    {
        private readonly Stream _inner;
        private int _first;

        public PeekedStream(Stream inner)
        {
            _inner = inner;
            do
            {
                _first = inner.ReadByte();
            }
            while (_first is ' ' or '\t' or '\r' or '\n' or 0xEF or 0xBB or 0xBF);
            First = _first;
        }

        public int First { get; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_first < 0 || count == 0)
            {
                return _inner.Read(buffer, offset, count);
            }

            buffer[offset] = (byte)_first;
            _first = -1;
            return 1;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
