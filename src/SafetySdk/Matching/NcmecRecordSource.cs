using System.Xml;

namespace SafetySdk.Matching;

/// <summary>NCMEC hash sharing v2: <c>queryResult</c> with images and videos, streamed. No document type, no entities, no deep
/// nesting.</summary>
internal sealed class NcmecRecordSource : RecordSource
{
    private const int MaxDepth = 16;

    private readonly NodeBudgetStream _budget;
    private XmlReader? _reader;
    private bool _started;

    private XmlReader Xml => _reader!;

    public NcmecRecordSource(Stream stream, string name, HashListOptions options)
        : base(name, options)
    {
        _budget = new NodeBudgetStream(stream, MaxRecordBytes, () => TooLarge());
    }

    public override void Dispose() => _reader?.Dispose();

    protected override HashListRecord? ReadNext()
    {
        // Creating the reader reads: only here are its errors caught.
        _budget.Renew();
        _reader ??= XmlReader.Create(_budget, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersFromEntities = 1024,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
            CloseInput = false,
        });
        while (Advance())
        {
            if (Xml.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (!_started)
            {
                _started = true;
                if (Xml.LocalName != "queryResult")
                {
                    throw Error(HashListError.UnknownFormat, "the document is not an NCMEC queryResult; name the format, or is it an error page?");
                }

                continue;
            }

            if (Xml.Depth == 2 && Xml.LocalName is "image" or "video" or "deletedImage" or "deletedVideo")
            {
                Number++;
                if (ReadEntry(Xml.LocalName.StartsWith("deleted", StringComparison.Ordinal)) is { } record)
                {
                    return record;
                }
            }
            else if (Xml.Depth == 2 && Xml.LocalName == "next")
            {
                Next = Text();
            }
        }

        return _started ? null : throw Malformed();
    }

    private bool Advance()
    {
        _budget.Renew();
        bool more = Xml.Read();
        return Xml.Depth <= MaxDepth ? more : throw Malformed();
    }

    // The reader stands on the entry's start; afterwards on its end.
    private HashListRecord? ReadEntry(bool removed)
    {
        string? member = null;
        string? id = null;
        string? classification = null;
        DateTimeOffset? updated = null;
        var fingerprints = new List<HashFingerprint>();
        if (!Xml.IsEmptyElement)
        {
            while (Advance() && Xml.Depth > 2)
            {
                // Members and fingerprints stand in the feedback, too; only those of the entry itself count.
                if (Xml.NodeType != XmlNodeType.Element || Xml.Depth != 3)
                {
                    continue;
                }

                switch (Xml.LocalName)
                {
                    case "member":
                        member = Xml.GetAttribute("id");
                        Skip();
                        break;
                    case "id":
                        id = Text();
                        break;
                    case "classification":
                        classification = Text();
                        break;
                    case "timestamp":
                        updated = Time(Text());
                        break;
                    case "fingerprints":
                        ReadFingerprints(fingerprints);
                        break;
                    default:
                        Skip();
                        break;
                }
            }
        }

        return Try(() => string.IsNullOrEmpty(member) || string.IsNullOrEmpty(id)
            ? throw Missing("member and id")
            : new HashListRecord($"ncmec:{member}-{id}", $"{member}-{id}", Name, fingerprints)
            {
                Removed = removed,
                Classification = string.IsNullOrEmpty(classification) ? null : classification,
                State = removed ? "deleted" : "active",
                Labels = [.. Options.Labels, $"member:{member}"],
                Updated = updated,
            });
    }

    private void ReadFingerprints(List<HashFingerprint> fingerprints)
    {
        if (Xml.IsEmptyElement)
        {
            return;
        }

        while (Advance() && Xml.Depth > 3)
        {
            if (Xml.NodeType != XmlNodeType.Element || Xml.Depth != 4)
            {
                continue;
            }

            string type = Xml.LocalName;
            string? link = Xml.GetAttribute("href");
            string value = Text();
            Add(fingerprints, type, value, link);
        }
    }

    // The text of an element; the reader stands on its end (or on the empty element) afterwards.
    private string Text()
    {
        if (Xml.IsEmptyElement)
        {
            return string.Empty;
        }

        int depth = Xml.Depth;
        string text = string.Empty;
        while (Advance() && Xml.Depth > depth)
        {
            if (Xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                text += Xml.Value;
                if (text.Length > MaxRecordBytes)
                {
                    throw TooLarge();
                }
            }
        }

        return text.Trim();
    }

    private void Skip()
    {
        if (!Xml.IsEmptyElement)
        {
            int depth = Xml.Depth;
            while (Advance() && Xml.Depth > depth)
            {
            }
        }
    }

    /// <summary>Lets the reader take only so many bytes for one node, so that an endless attribute does not fill the memory.</summary>
    private sealed class NodeBudgetStream(Stream inner, int budget, Func<Exception> exceeded) : Stream
    {
        private int _left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Renew() => _left = budget;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            _left -= read;
            return _left >= 0 ? read : throw exceeded();
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
