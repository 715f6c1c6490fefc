using System.Globalization;
using System.Text;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

/// <summary>Lists that are huge, damaged or made to do harm.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class HashListLimitTests : IDisposable
{
    /// <summary>Set to 1, the list has ten million lines instead of one.</summary>
    private const string LongVariable = "SAFETYSDK_TEST_LONG";

    private const string Md5 = "0123456789abcdef0123456789abcdef";
    private readonly string _folder = Directory.CreateTempSubdirectory("list-limits").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(HashListFormat.Text, "0", HashListError.WrongLength)]
    [InlineData(HashListFormat.Text, "G", HashListError.NotHexadecimal)]
    [InlineData(HashListFormat.ThreatExchangeCsv, "0", HashListError.WrongLength)]
    public void One_bad_line_of_a_long_list_is_named_and_costs_only_itself(HashListFormat format, string bad, HashListError error)
    {
        int lines = Environment.GetEnvironmentVariable(LongVariable) == "1" ? 10_000_000 : 1_000_000;
        int badLine = lines - 7;
        using var stream = new LongList(format, lines, badLine, bad);
        HashListException thrown = Assert.Throws<HashListException>(() => HashListDocument.Read(stream, "long", format).Count());
        Assert.Equal((error, badLine), (thrown.Error, thrown.Line));
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"long, line {badLine}: "), thrown.Message, StringComparison.Ordinal);

        var problems = new List<HashListException>();
        using var again = new LongList(format, lines, badLine, bad);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        int read = 0;
        foreach (HashListRecord record in HashListDocument.Read(again, "long", format, new HashListOptions { OnBadLine = problems.Add }))
        {
            if (++read % (lines / 8) == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        // The bad line of a text is no entry; the row of the other form stays, without its hash, but its header is none.
        Assert.Equal(lines - 1, read);
        Assert.Equal(badLine, Assert.Single(problems).Line);
        Assert.InRange(most, 0, 8 << 20);
    }

    [Fact]
    public void Duplicates_and_upper_case_are_entries_like_others()
    {
        string path = Path.Combine(_folder, "list");
        File.WriteAllText(path, $"{Md5},a\n{Md5.ToUpperInvariant()},b\n{Md5},a\n");
        using HashIndex index = HashIndex.FromList(path);
        var hits = new List<HashIndexHit>();
        index.FindExact(HashKind.Md5, Convert.FromHexString(Md5), hits);
        Assert.Equal(["a", "b", "a"], hits.Select(hit => index.Id(hit.Entry)));
    }

    [Fact]
    public void A_row_that_is_no_text_or_odd_is_named_by_its_line_and_the_rest_is_kept()
    {
        byte[] bytes =
        [
            .. Encoding.UTF8.GetBytes($"id,type,indicator,tags\n1,HASH_MD5,{Md5},\"two\nlines\"\n2,HASH_MD5,{Md5[1..]}g,\n3,HASH_MD5,{Md5},"),
            0xC3, 0x28,
            .. Encoding.UTF8.GetBytes($"\n4,HASH_MD5,{Md5}\n5,HASH_MD5,{Md5.ToUpperInvariant()},\n"),
        ];
        var problems = new List<HashListException>();
        using var stream = new MemoryStream(bytes);
        HashListRecord[] records = [.. HashListDocument.Read(
            stream, "list", HashListFormat.ThreatExchangeCsv, new HashListOptions { OnBadLine = problems.Add })];
        Assert.Equal(
            [(2L, HashListError.InvalidText), (4L, HashListError.NotHexadecimal), (5L, HashListError.InvalidText), (6L, HashListError.WrongType)],
            problems.Select(problem => (problem.Line, problem.Error)));
        Assert.Equal(["2", "5"], records.Select(record => record.Id));
        Assert.Equal(Md5, Assert.Single(records[1].Fingerprints).Value);
    }

    [Theory]
    [InlineData("<!DOCTYPE q SYSTEM \"{0}\"><queryResult/>")]
    [InlineData("<!DOCTYPE q [<!ENTITY % p SYSTEM \"{0}\"> %p;]><queryResult/>")]
    [InlineData("<!DOCTYPE q [<!ENTITY x SYSTEM \"{1}\">]><queryResult><images><image><member id='1'/><id>&x;</id></image></images></queryResult>")]
    [InlineData("<queryResult xmlns:xi='http://www.w3.org/2001/XInclude'><images><image><member id='1'/><id><xi:include href='{1}' parse='text'/></id></image></images></queryResult>")]
    [InlineData("<queryResult><images><image><member id='1'/><id>&x;</id></image></images></queryResult>")]
    public void What_lies_outside_the_document_is_never_read(string document)
    {
        // Each is what the document would need: whoever reads them gets a record, and no error.
        string types = Path.Combine(_folder, "secret.dtd");
        File.WriteAllText(types, "<!ELEMENT q ANY>");
        string secret = Path.Combine(_folder, "secret");
        File.WriteAllText(secret, "a-secret");
        string xml = document.Replace("{0}", new Uri(types).AbsoluteUri, StringComparison.Ordinal)
            .Replace("{1}", new Uri(secret).AbsoluteUri, StringComparison.Ordinal);
        HashListException thrown = Assert.Throws<HashListException>(() => Read(xml));
        Assert.True(thrown.Error is HashListError.Malformed or HashListError.WrongType, thrown.Message);
        Assert.DoesNotContain("secret", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Entities_that_multiply_are_refused_before_they_do()
    {
        var xml = new StringBuilder("<!DOCTYPE q [<!ENTITY a0 \"0123456789\">");
        for (int i = 1; i < 12; i++)
        {
            xml.Append(CultureInfo.InvariantCulture, $"<!ENTITY a{i} \"{string.Concat(Enumerable.Repeat($"&a{i - 1};", 10))}\">");
        }

        xml.Append("]><queryResult><images><image><member id='1'/><id>&a11;</id></image></images></queryResult>");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(HashListError.Malformed, Assert.Throws<HashListException>(() => Read(xml.ToString())).Error);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void A_document_nested_deeper_than_the_format_is_refused()
    {
        string Nested(int depth) => "<queryResult><images><image><member id='1'/><id>1</id><feedback>"
            + string.Concat(Enumerable.Repeat("<a>", depth)) + string.Concat(Enumerable.Repeat("</a>", depth))
            + "</feedback></image></images></queryResult>";
        Assert.Single(Read(Nested(10)));
        Assert.Equal(HashListError.Malformed, Assert.Throws<HashListException>(() => Read(Nested(20))).Error);
        Assert.Equal(HashListError.Malformed, Assert.Throws<HashListException>(() => Read(Nested(100_000))).Error);
    }

    // A video can have several fingerprints of half a megabyte; what was pulled must be readable afterwards.
    [Fact]
    public void A_record_as_large_as_its_document_allows_survives_being_written()
    {
        string value = string.Concat(Enumerable.Repeat("ab+/\"", HashFingerprint.MaxValueLength / 5));
        string xml = "<queryResult><videos><video><member id='1'/><id>1</id><fingerprints>"
            + string.Concat(Enumerable.Repeat($"<tmk-pdqf>{value}</tmk-pdqf>", 5)) + "</fingerprints></video></videos></queryResult>";
        HashListRecord record = Assert.Single(Read(xml));
        using var stream = new MemoryStream();
        record.Write(stream);
        stream.Position = 0;
        HashListRecord again = Assert.Single(HashListDocument.Read(stream, "records", HashListFormat.Records));
        Assert.Equal(record.Fingerprints, again.Fingerprints);

        string larger = xml.Replace("</fingerprints>", string.Concat(Enumerable.Repeat($"<tmk-pdqf>{value}</tmk-pdqf>", 5)) + "</fingerprints>", StringComparison.Ordinal);
        HashListException thrown = Assert.Throws<HashListException>(() => Read(larger));
        Assert.Equal(HashListError.TooLarge, thrown.Error);
    }

    [Fact]
    public void Building_holds_no_fingerprint_that_is_not_compared()
    {
        using var writer = new HashIndexWriter("list");
        using var builder = new HashListBuilder(writer);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 200; i++)
        {
            string id = i.ToString(CultureInfo.InvariantCulture);
            builder.Add(new HashListRecord(
                id, id, "list", [new HashFingerprint("tmk_pdqf", null, new string('x', 500_000)), new HashFingerprint("md5", HashKind.Md5, Md5)]));
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, 0, 20 << 20);
        HashListCounts counts = builder.Complete();
        Assert.Equal((200, 200), (counts.Added, counts.Unsupported["tmk_pdqf"]));
    }

    [Theory]
    [InlineData(HashListFormat.StopNcii, """{"error":"try later","hasMoreRecords":false}""")]
    [InlineData(HashListFormat.TechAgainstTerrorism, """{"detail":"not now"}""")]
    [InlineData(HashListFormat.ThreatExchangeJson, "{}")]
    public void An_object_without_a_list_is_no_empty_list(HashListFormat format, string document)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(document));
        HashListException thrown = Assert.Throws<HashListException>(() => HashListDocument.Read(stream, "list", format).Count());
        Assert.Equal(HashListError.UnknownFormat, thrown.Error);
    }

    private static List<HashListRecord> Read(string xml)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(xml));
        return [.. HashListDocument.Read(stream, "list", HashListFormat.Ncmec)];
    }

    /// <summary>A list that is made while it is read.</summary>
    private sealed class LongList(HashListFormat format, int lines, int badLine, string bad) : Stream
    {
        private readonly byte[] _line = new byte[128];
        private int _number;
        private int _length;
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int filled = 0;
            while (filled < buffer.Length && (_at < _length || Next()))
            {
                int part = Math.Min(buffer.Length - filled, _length - _at);
                _line.AsSpan(_at, part).CopyTo(buffer[filled..]);
                _at += part;
                filled += part;
            }

            return filled;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private bool Next()
        {
            if (_number == lines)
            {
                return false;
            }

            _number++;
            bool isCsv = format == HashListFormat.ThreatExchangeCsv;
            string digits = _number == badLine ? (bad.Length == 1 && bad[0] == 'G' ? Md5[1..] + bad : Md5 + bad) : Md5;
            string text = isCsv && _number == 1 ? "id,type,indicator" : isCsv ? $"{_number},HASH_MD5,{digits}" : digits;
            _length = Encoding.ASCII.GetBytes(text + "\n", _line);
            _at = 0;
            return true;
        }
    }
}
