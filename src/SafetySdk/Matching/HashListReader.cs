using System.Buffers;
using System.Globalization;
using System.Text;
using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>How a list is read.</summary>
public sealed record HashListOptions
{
    /// <summary>What 64 digits without a name are: PDQ (the default) or SHA-256.</summary>
    public HashKind SixtyFourDigits { get; init; } = HashKind.Pdq;

    /// <summary>The format; null (the default): told apart by content.</summary>
    public HashListFormat? Format { get; init; }

    /// <summary>Labels that every entry gets beside its own.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Called for every bad line or record, and reading goes on. Null (the default): the first one is thrown.</summary>
    public Action<HashListException>? OnBadLine { get; init; }
}

/// <summary>
/// Reads lists of hashes as text, one a line: <c>HASH</c>, <c>HASH,ID,LABEL…</c>, <c>HASH,QUALITY,FILE</c>,
/// <c>hash=HASH,norm=…,delta=…,quality=…,filename=FILE</c>, or <c>ALGORITHM HASH</c>. Digits of either case; comments start with <c>#</c>.
/// 32 digits are MD5, 40 are SHA-1, 64 are PDQ unless the line or <see cref="HashListOptions.SixtyFourDigits"/> says SHA-256.
/// </summary>
/// <remarks>Streams: memory does not grow with the list. Thread-safe; one enumeration belongs to one thread.</remarks>
public static class HashListReader
{
    /// <summary>Longest line, without its end.</summary>
    public const int MaxLineBytes = 4096;

    private const int BufferBytes = 64 * 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file. It is opened when the enumeration starts.</summary>
    /// <param name="path">The file; its name without folders is the list's name.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="HashListException">The file cannot be read, or a line is bad and the options do not take bad lines.</exception>
    public static IEnumerable<HashListEntry> Read(string path, HashListOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        using Stream stream = Open(path, name);
        foreach (HashListEntry entry in Read(stream, name, options))
        {
            yield return entry;
        }
    }

    /// <summary>Reads a stream to its end; the caller closes it.</summary>
    /// <param name="stream">The text, UTF-8.</param>
    /// <param name="name">Name of the list, for entries and errors.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="HashListException">The stream cannot be read, or a line is bad and the options do not take bad lines.</exception>
    public static IEnumerable<HashListEntry> Read(Stream stream, string name, HashListOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new HashListOptions();
        if (options.SixtyFourDigits is not (HashKind.Pdq or HashKind.Sha256))
        {
            throw new ArgumentException("64 digits are PDQ or SHA-256.", nameof(options));
        }

        return ReadLines(stream, name, options);
    }

    internal static FileStream Open(string path, string name)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashListException(
                HashListError.Unreadable, name, 0, "the list cannot be opened; check that it exists and may be read.", exception);
        }
    }

    private static IEnumerable<HashListEntry> ReadLines(Stream stream, string name, HashListOptions options)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long line = 0;
            int start = 0;
            int end = 0;
            bool skipping = false;
            bool ended = false;
            while (!ended)
            {
                // What is left of the last read is the beginning of a line, shorter than the limit.
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                end -= start;
                start = 0;
                int read = Fill(stream, buffer.AsSpan(end), name, line);
                ended = read == 0;
                end += read;
                while (start < end)
                {
                    int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
                    if (length < 0 && !ended)
                    {
                        if (end - start > MaxLineBytes + 1)
                        {
                            // The rest of an endless line is thrown away as it comes.
                            if (!skipping)
                            {
                                Report(options, TooLong(name, line + 1));
                            }

                            skipping = true;
                            start = end;
                        }

                        break;
                    }

                    line++;
                    int next = length < 0 ? end : start + length + 1;
                    length = length < 0 ? end - start : length;
                    if (skipping)
                    {
                        skipping = false;
                        start = next;
                        continue;
                    }

                    (HashListEntry? entry, HashListException? problem) = Parse(buffer.AsSpan(start, length), name, line, options);
                    start = next;
                    if (problem is not null)
                    {
                        Report(options, problem);
                    }
                    else if (entry is not null)
                    {
                        yield return entry;
                    }
                }
            }
        }
        finally
        {
            buffer.AsSpan().Clear();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Fill(Stream stream, Span<byte> free, string name, long line)
    {
        try
        {
            return stream.Read(free);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new HashListException(HashListError.Unreadable, name, 0, $"reading failed after line {line}.", exception);
        }
    }

    private static void Report(HashListOptions options, HashListException problem)
    {
        if (options.OnBadLine is null)
        {
            throw problem;
        }

        options.OnBadLine(problem);
    }

    private static HashListException TooLong(string name, long line)
        => new(HashListError.LineTooLong, name, line, $"the line is longer than {MaxLineBytes} bytes; is this a text list?");

    private static (HashListEntry? Entry, HashListException? Problem) Parse(
        ReadOnlySpan<byte> bytes, string name, long line, HashListOptions options)
    {
        if (line == 1 && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (bytes.EndsWith("\r"u8))
        {
            bytes = bytes[..^1];
        }

        if (bytes.Length > MaxLineBytes)
        {
            return (null, TooLong(name, line));
        }

        Span<char> characters = stackalloc char[bytes.Length];
        try
        {
            characters = characters[..StrictUtf8.GetChars(bytes, characters)];
        }
        catch (DecoderFallbackException)
        {
            return (null, new HashListException(HashListError.InvalidText, name, line, "the line is not valid UTF-8."));
        }

        ReadOnlySpan<char> text = ((ReadOnlySpan<char>)characters).Trim(" \t");
        if (text.IsEmpty || text[0] == '#')
        {
            return default;
        }

        foreach (char character in text)
        {
            if (char.IsControl(character) && character != '\t')
            {
                return (null, new HashListException(HashListError.InvalidText, name, line, "the line holds control characters."));
            }
        }

        return ParseFields(text, name, line, options);
    }

    private static (HashListEntry? Entry, HashListException? Problem) ParseFields(
        ReadOnlySpan<char> text, string name, long line, HashListOptions options)
    {
        bool keyed = text.StartsWith("hash=", StringComparison.OrdinalIgnoreCase);
        int comma = text.IndexOf(',');
        ReadOnlySpan<char> value = (comma < 0 ? text : text[..comma]).Trim(" \t");
        ReadOnlySpan<char> rest = comma < 0 ? default : text[(comma + 1)..];
        HashKind? named = null;
        if (keyed)
        {
            value = value["hash=".Length..];
        }
        else if (value.IndexOfAny(' ', '\t') is > 0 and int space)
        {
            if (!HashKinds.TryParse(value[..space], out HashKind kind) || !HashIndexWriter.Holds(kind))
            {
                return (null, new HashListException(
                    HashListError.UnknownAlgorithm, name, line, "the first word is not pdq, md5, sha1 or sha256."));
            }

            named = kind;
            value = value[space..].TrimStart(" \t");
        }

        HashKind? algorithm = named ?? value.Length switch
        {
            32 => HashKind.Md5,
            40 => HashKind.Sha1,
            64 => options.SixtyFourDigits,
            _ => null,
        };
        if (algorithm is not { } known || value.Length != known.ByteCount() * 2)
        {
            string expected = named is { } one ? $"{one.ByteCount() * 2} ({one.Name()})" : "32 (md5), 40 (sha1) or 64 (pdq, sha256)";
            return (null, new HashListException(
                HashListError.WrongLength, name, line, $"the hash has {value.Length} characters, not {expected}."));
        }

        Span<byte> digest = stackalloc byte[PdqHash.ByteCount];
        digest = digest[..known.ByteCount()];
        if (!Hexadecimal.TryParse(value, digest))
        {
            return (null, new HashListException(
                HashListError.NotHexadecimal, name, line, "the hash has a character that is not a hexadecimal digit."));
        }

        (string? id, IReadOnlyList<string> labels) = keyed ? Keyed(rest, options) : Metadata(rest, options);
        id ??= string.Create(CultureInfo.InvariantCulture, $"{name}:{line}");
        return (new HashListEntry(id, known, Convert.ToHexStringLower(digest), labels, name), null);
    }

    // norm=1,delta=0,quality=100,filename=a.jpg: the name of the file comes last and may hold commas.
    private static (string? Id, IReadOnlyList<string> Labels) Keyed(ReadOnlySpan<char> rest, HashListOptions options)
    {
        const string FileName = "filename=";
        int at = rest.StartsWith(FileName, StringComparison.OrdinalIgnoreCase)
            ? 0
            : rest.IndexOf("," + FileName, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return (null, options.Labels);
        }

        ReadOnlySpan<char> id = rest[(at + (at == 0 ? 0 : 1) + FileName.Length)..].Trim();
        return (id.IsEmpty ? null : id.ToString(), options.Labels);
    }

    // ID,LABEL,LABEL… or, as PDQ's command line prints it, QUALITY,FILE.
    private static (string? Id, IReadOnlyList<string> Labels) Metadata(ReadOnlySpan<char> rest, HashListOptions options)
    {
        if (rest.IsEmpty)
        {
            return (null, options.Labels);
        }

        int comma = rest.IndexOf(',');
        ReadOnlySpan<char> first = (comma < 0 ? rest : rest[..comma]).Trim();
        if (comma >= 0 && first.Length <= 3 && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int quality)
            && quality <= 100)
        {
            ReadOnlySpan<char> file = rest[(comma + 1)..].Trim();
            return (file.IsEmpty ? null : file.ToString(), options.Labels);
        }

        string? id = first.IsEmpty ? null : first.ToString();
        if (comma < 0)
        {
            return (id, options.Labels);
        }

        var labels = new List<string>(options.Labels);
        foreach (Range range in rest[(comma + 1)..].Split(','))
        {
            string label = rest[(comma + 1)..][range].Trim().ToString();
            if (label.Length > 0 && !labels.Contains(label))
            {
                labels.Add(label);
            }
        }

        return (id, labels);
    }
}
