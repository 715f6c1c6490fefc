using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;

namespace SafetySdk.Matching;

/// <summary>Reads the records of one document and what it says of its next page. Belongs to one thread.</summary>
internal abstract class RecordSource(string name, HashListOptions options) : IDisposable
{
    /// <summary>Most bytes of one record.</summary>
    public const int MaxRecordBytes = 1024 * 1024;

    /// <summary>Most bytes of a line of <see cref="HashListFormat.Records"/>: one record, written by <see cref="HashListRecord.Write"/>.</summary>
    public const int MaxLineBytes = 4 * MaxRecordBytes;

    /// <summary>Link or token of the next page; null at the end. Valid once all records were read.</summary>
    public string? Next { get; protected set; }

    /// <summary>What to ask from after the last page; null where the format has none.</summary>
    public string? NextSet { get; protected set; }

    /// <summary>Whether the page says that more follows.</summary>
    public bool HasMore { get; protected set; }

    protected string Name { get; } = name;

    protected HashListOptions Options { get; } = options;

    /// <summary>Number of the record that is being read, from 1.</summary>
    protected long Number { get; set; }

    protected string Where => string.Create(CultureInfo.InvariantCulture, $"record {Number}");

    /// <summary>Line on which the record that is being read begins, from 1; 0 where the format does not go by lines.</summary>
    protected virtual long Line => 0;

    public abstract void Dispose();

    /// <summary>The next record; null at the end.</summary>
    /// <exception cref="HashListException">The document cannot be read on, or a record is bad and the options do not take that.</exception>
    public HashListRecord? Read()
    {
        try
        {
            return ReadNext();
        }
        catch (Exception exception) when (exception is XmlException or JsonException or DecoderFallbackException or FormatException
            or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            // The parser's own message may quote the content; it is not passed on.
            throw Malformed();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HashListException(HashListError.Unreadable, Name, 0, "the list cannot be read on; check the disk or the connection.", exception);
        }
    }

    protected abstract HashListRecord? ReadNext();

    protected HashListException Error(HashListError error, string reason) => new(error, Name, Line, reason);

    protected HashListException Malformed() => Error(
        HashListError.Malformed,
        $"{Where} or what follows it: the document is truncated, not well-formed, nested too deep, or declares a document type; get it again.");

    protected HashListException TooLarge(int most = MaxRecordBytes)
        => Error(HashListError.TooLarge, $"{Where} or what follows it: larger than {most} bytes.");

    protected HashListException Missing(string what) => Error(HashListError.WrongType, $"{Where}: has no {what}.");

    protected HashListException Wrong(string what) => Error(HashListError.WrongType, $"{Where}: {what} has another type than the format says.");

    protected static DateTimeOffset? Time(string? text)
        => DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>Builds a record; null where it is bad and the options go on.</summary>
    protected HashListRecord? Try(Func<HashListRecord> build)
    {
        try
        {
            return build().Checked(Where, Line);
        }
        catch (HashListException problem) when (Options.OnBadLine is { } report)
        {
            report(problem);
            return null;
        }
    }

    /// <summary>Adds a fingerprint; a bad one is reported or thrown as the options say.</summary>
    protected void Add(List<HashFingerprint> fingerprints, string type, string value, string? link = null, int? quality = null)
    {
        try
        {
            if (link is not null)
            {
                // An empty value is never a hash.
                fingerprints.Add(HashFingerprint.Linked(type, link.Length == 0 ? null : link));
                return;
            }

            fingerprints.Add(HashFingerprint.Parse(type, value, quality, Name, Where, Line));
        }
        catch (HashListException problem) when (Options.OnBadLine is { } report)
        {
            report(problem);
        }
    }
}
