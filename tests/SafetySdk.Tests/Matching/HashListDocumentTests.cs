using System.Text;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

public sealed class HashListDocumentTests : IDisposable
{
    private const string Pdq = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
    private const string Md5 = "0123456789abcdef0123456789abcdef";
    private const string Sha1 = "0123456789abcdef0123456789abcdef01234567";
    private const string Sha256 = "00000000000000000000000000000000000000000000000000000000000000aa";

    private const string Ncmec = $"""
        <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
          <images count="2" maxTimestamp="2024-01-02T00:00:00Z">
            <image>
              <member id="42">Example</member><timestamp>2024-01-01T00:00:00Z</timestamp><id>one</id><classification>A1</classification>
              <fingerprints><md5>{Md5}</md5><sha1>{Sha1}</sha1><pdq>{Pdq}</pdq><pdna>1,2,3</pdna><newtype>x</newtype></fingerprints>
              <feedback><affirmativeFeedback type="MD5"><members><member id="7">Other</member></members></affirmativeFeedback></feedback>
            </image>
            <image><member id="42"/><timestamp>2024-01-01T00:00:00Z</timestamp><id>two</id><fingerprints><md5>{Md5}</md5></fingerprints></image>
            <deletedImage><member id="42">Example</member><id>two</id><timestamp>2024-01-02T00:00:00Z</timestamp></deletedImage>
          </images>
          <videos count="1"><video><member id="9">V</member><id>three</id><fingerprints><tmk-pdqf rel="self" href="https://x/y"/></fingerprints></video></videos>
          <paging><next>/v2/entries?start=2001&amp;size=1000</next></paging>
        </queryResult>
        """;

    private const string StopNcii = $$"""
        {"count":3,"nextPageToken":"t2","nextSetTimestamp":1700000000,"hasMoreRecords":true,"hashRecords":[
         {"lastModtimestamp":1600000000,"signalType":"ImagePDQ","hashValue":"{{Pdq}}","hashStatus":"Active","caseNumbers":{"c-1":"x" },
          "CSPFeedbacks":[{"source":"a","feedbackValue":"Blocked","tags":["t"]},{"source":"b","feedbackValue":"None","tags":null}]},
         {"lastModtimestamp":1600000001,"signalType":"VideoTMK","hashValue":"abc","hashStatus":"Active","caseNumbers":{} },
         {"lastModtimestamp":1600000002,"signalType":"ImagePDQ","hashValue":"{{Sha256}}","hashStatus":"Active"},
         {"lastModtimestamp":1600000003,"signalType":"ImagePDQ","hashValue":"{{Sha256}}","hashStatus":"Withdrawn"}]}
        """;

    private const string Tat = $$"""
        {"count":4,"next":null,"checkpoint":"77","results":[
         {"hash_digest":"{{Md5}}","algorithm":"MD5","ideology":"far","file_type":"jpg","deleted":false,"updated_on":"2024-01-01T00:00:00Z","created_on":"2024-01-01","id":1},
         {"hash_digest":"{{Sha256}}","algorithm":"SHA256","ideology":null,"file_type":null,"deleted":false,"updated_on":"2024-01-01T00:00:00Z","id":2},
         {"hash_digest":"aa","algorithm":"SHA512","ideology":"","file_type":"mp4","deleted":false,"updated_on":null,"id":3},
         {"hash_digest":"{{Sha256}}","algorithm":"SHA256","deleted":true,"updated_on":"2024-01-02T00:00:00Z","id":2}]}
        """;

    private const string Csv = $"id,type,indicator,status,tags,owner,should_delete\r\n1,HASH_PDQ,{Pdq},MALICIOUS,\"a,\"\"b\"\"\",55,false\r\n"
        + $"2,HASH_PHOTODNA,\"1,2\",,,,\r\n3,HASH_MD5,{Md5},,,,0\r\n3,HASH_MD5,{Md5},,,,true\r\n";

    private const string ThreatExchange = $$"""
        {"data":[{"id":"1","indicator":"{{Pdq}}","type":"HASH_PDQ","should_delete":false,"last_updated":1600000000,
          "tags":{"data":[{"text":"x"}]},"descriptors":{"data":[{"owner":{"id":"55"},"status":"MALICIOUS","tags":["y"]}]} },
         {"id":"2","indicator":"v","type":"HASH_TEXT_TLSH"},{"id":"3","bank_content_id":3,"signals":{"md5":"{{Md5}}","photodna":"1"} },
         {"id":"1","should_delete":true,"last_updated":1600000001}],
         "paging":{"cursors":{"after":"z"},"next":"https://example/next"} }
        """;

    private const string Frames = $"0,100,{Pdq},0.000\n1,49,{Sha256},0.500\n2,50,{Sha256},1.000\n";
    private const string FramesJson = $"[\"{Pdq},100,0.000\",\"{Sha256},49,0.5\"]";

    private const string Records = $$"""
        {"record":"ncmec:1-a","id":"1-a","source":"old","labels":["l"],"fingerprints":[{"type":"md5","value":"{{Md5}}"},{"type":"tmk_pdqf","value":""}]}
        {"record":"ncmec:1-b","id":"1-b","source":"old","removed":true,"labels":[],"fingerprints":[]}

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("lists").FullName;

    public static TheoryData<HashListFormat, string> Samples => new()
    {
        { HashListFormat.Ncmec, Ncmec },
        { HashListFormat.StopNcii, StopNcii },
        { HashListFormat.TechAgainstTerrorism, Tat },
        { HashListFormat.ThreatExchangeCsv, Csv },
        { HashListFormat.ThreatExchangeJson, ThreatExchange },
        { HashListFormat.VPdq, Frames },
        { HashListFormat.VPdq, FramesJson },
        { HashListFormat.Records, Records },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(HashListFormat.Ncmec, Ncmec, "42-one pdq,42-one md5,42-one sha1", 0, 1, "other 1,photodna 1,tmk_pdqf 1")]
    [InlineData(HashListFormat.StopNcii, StopNcii, "c-1 pdq", 0, 1, "tmk_pdqf 1")]
    [InlineData(HashListFormat.TechAgainstTerrorism, Tat, "1 md5", 0, 1, "sha512 1")]
    [InlineData(HashListFormat.ThreatExchangeCsv, Csv, "1 pdq", 0, 1, "photodna 1")]
    [InlineData(HashListFormat.ThreatExchangeJson, ThreatExchange, "3 md5", 0, 1, "photodna 1,text_tlsh 1")]
    [InlineData(HashListFormat.VPdq, Frames, "list:0 pdq,list:2 pdq", 0, 0, "pdq_low_quality 1")]
    [InlineData(HashListFormat.VPdq, FramesJson, "list:1 pdq", 0, 0, "pdq_low_quality 1")]
    [InlineData(HashListFormat.Records, Records, "1-a md5", 0, 0, "tmk_pdqf 1")]
    public void Every_format_is_told_apart_and_read(
        HashListFormat format, string document, string entries, int replaced, int removed, string unsupported)
    {
        Assert.Equal(format, HashListDocument.Detect(Encoding.UTF8.GetBytes(document)));
        Assert.Equal(format, HashListDocument.Detect(Encoding.UTF8.GetBytes("\uFEFF" + document)));
        var writer = new HashIndexWriter("test");
        var builder = new HashListBuilder(writer);
        builder.Add(Write("list", document));
        HashListCounts counts = builder.Complete();
        HashIndex index = writer.ToIndex();
        Assert.Equal(entries, string.Join(',', Entries(index)));
        Assert.Equal((index.Count, replaced, removed, 0L, 0L), (counts.Added, counts.Replaced, counts.Removed, counts.Stale, counts.Bad));
        Assert.Equal(unsupported, string.Join(',', counts.Unsupported.Select(c => $"{c.Key} {c.Value}")));
    }

    [Fact]
    public void A_tombstone_leaves_nothing_behind_whatever_it_carries_and_whenever_it_comes()
    {
        var fingerprint = new HashFingerprint("sha256", HashKind.Sha256, new string('a', 64));
        var listed = new HashListRecord("k", "1", "list", [fingerprint]) { Updated = DateTimeOffset.UnixEpoch };
        HashListRecord tombstone = listed with { Removed = true, Updated = DateTimeOffset.UnixEpoch.AddDays(1) };
        foreach (HashListRecord[] order in new HashListRecord[][] { [listed, tombstone], [tombstone, listed], [tombstone] })
        {
            var builder = new HashListBuilder(new HashIndexWriter("list"));
            Array.ForEach(order, builder.Add);
            Assert.Equal(0, builder.Complete().Added);
        }
    }

    [Fact]
    public void Entries_carry_source_class_labels_and_state()
    {
        HashListRecord one = Read(Ncmec, HashListFormat.Ncmec)[0];
        Assert.Equal(("ncmec:42-one", "42-one", "list", "A1", "active"), (one.Key, one.Id, one.Source, one.Classification, one.State));
        Assert.Equal(["member:42"], one.Labels);
        Assert.Equal("1,2,3", one.Fingerprints.Single(f => f.Type == "photodna").Value);
        one = Read(StopNcii, HashListFormat.StopNcii)[0];
        Assert.Equal("active", one.State);
        Assert.Equal(["t", "feedback:blocked"], one.Labels);
        one = Read(Tat, HashListFormat.TechAgainstTerrorism)[0];
        Assert.Equal(("tat:1", "far"), (one.Key, one.Classification));
        Assert.Equal(["jpg"], one.Labels);
        one = Read(Csv, HashListFormat.ThreatExchangeCsv)[0];
        Assert.Equal(["a", "\"b\"", "owner:55"], one.Labels);
        Assert.Equal("malicious", one.State);
        one = Read(ThreatExchange, HashListFormat.ThreatExchangeJson)[0];
        Assert.Equal(["x", "y", "owner:55"], one.Labels);
        Assert.Equal("malicious", one.State);
    }

    [Fact]
    public void Records_survive_being_written()
    {
        foreach (HashListRecord record in Read(Ncmec, HashListFormat.Ncmec))
        {
            using var stream = new MemoryStream();
            record.Write(stream);
            HashListRecord again = Assert.Single(Read(Encoding.UTF8.GetString(stream.ToArray()), HashListFormat.Records));
            Assert.Equal(record with { Labels = [], Fingerprints = [] }, again with { Labels = [], Fingerprints = [] });
            Assert.Equal(record.Labels, again.Labels);
            Assert.Equal(record.Fingerprints, again.Fingerprints);
        }
    }

    [Fact]
    public void A_file_of_no_records_yet_is_whole() => Assert.Empty(Read("", HashListFormat.Records));

    [Fact]
    public void A_late_older_record_does_not_bring_a_removed_item_back()
    {
        var writer = new HashIndexWriter("test");
        var builder = new HashListBuilder(writer);
        HashListRecord[] records = [.. Read(Ncmec, HashListFormat.Ncmec)];
        foreach (int i in new[] { 0, 2, 1, 0 })
        {
            builder.Add(records[i]);
        }

        HashListCounts counts = builder.Complete();
        Assert.Equal((3, 1, 1), (counts.Added, counts.Stale, counts.Replaced));
    }

    [Theory]
    [InlineData(HashListFormat.Ncmec, "<!DOCTYPE queryResult [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><queryResult>&x;</queryResult>", HashListError.Malformed)]
    [InlineData(HashListFormat.Ncmec, "<!DOCTYPE a [<!ENTITY x \"y\">]><queryResult/>", HashListError.Malformed)]
    [InlineData(HashListFormat.Ncmec, "<html><body>error</body></html>", HashListError.UnknownFormat)]
    [InlineData(HashListFormat.Ncmec, "<queryResult><images><image><id>1</id></image></images></queryResult>", HashListError.WrongType)]
    [InlineData(HashListFormat.Ncmec, "<queryResult><images><image><member id='1'/><id>1</id><fingerprints><md5>zz</md5></fingerprints></image></images></queryResult>", HashListError.WrongLength)]
    [InlineData(HashListFormat.Ncmec, "", HashListError.Malformed)]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":{}}", HashListError.WrongType)]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":[1]}", HashListError.WrongType)]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":[{}]}", HashListError.WrongType)]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":[{\"signalType\":{},\"hashValue\":1,\"hashStatus\":\"Active\"}]}", HashListError.WrongType)]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":[{\"signalType\":\"\\ud800\",\"hashValue\":\"x\",\"hashStatus\":\"A\"}]}", HashListError.Malformed)]
    [InlineData(HashListFormat.TechAgainstTerrorism, "{\"results\":[{\"id\":1,\"deleted\":\"yes\"}]}", HashListError.WrongType)]
    [InlineData(HashListFormat.TechAgainstTerrorism, "{\"results\":[{\"id\":\"\\u0001\",\"deleted\":true}]}", HashListError.InvalidText)]
    [InlineData(HashListFormat.TechAgainstTerrorism, "{\"results\":[]} {", HashListError.WrongType)]
    [InlineData(HashListFormat.ThreatExchangeCsv, "a,b\n", HashListError.UnknownFormat)]
    [InlineData(HashListFormat.ThreatExchangeCsv, "id,type,indicator\n1,HASH_MD5\n", HashListError.WrongType)]
    [InlineData(HashListFormat.ThreatExchangeCsv, "id,type,indicator\n1,HASH_MD5,\"12\n", HashListError.Malformed)]
    [InlineData(HashListFormat.VPdq, "0,1,2\n", HashListError.WrongType)]
    [InlineData(HashListFormat.VPdq, "[{}]", HashListError.WrongType)]
    [InlineData(HashListFormat.Records, "{\"record\":\"a\"}", HashListError.WrongType)]
    [InlineData(HashListFormat.Records, "[]", HashListError.WrongType)]
    public void Bad_documents_are_typed_errors(HashListFormat format, string document, HashListError error)
        => Assert.Equal(error, Assert.Throws<HashListException>(() => Read(document, format)).Error);

    [Theory]
    [InlineData(HashListFormat.Ncmec, "<queryResult a='", "x")]
    [InlineData(HashListFormat.Ncmec, "<queryResult><images><image><id>", "x")]
    [InlineData(HashListFormat.Ncmec, "", "<queryResult>")]
    [InlineData(HashListFormat.StopNcii, "{\"hashRecords\":[{\"a\":\"", "x")]
    [InlineData(HashListFormat.StopNcii, "", "[")]
    [InlineData(HashListFormat.StopNcii, "", "{\"a\":")]
    [InlineData(HashListFormat.ThreatExchangeCsv, "id,type,", "x")]
    [InlineData(HashListFormat.ThreatExchangeCsv, "", "x,")]
    [InlineData(HashListFormat.Records, "", " ")]
    public void Endless_values_and_deep_nesting_end_early(HashListFormat format, string start, string repeated)
    {
        using var stream = new EndlessStream(Encoding.UTF8.GetBytes(start), Encoding.UTF8.GetBytes(repeated));
        HashListException exception = Assert.Throws<HashListException>(
            () => HashListDocument.Read(stream, "list", format).Count());
        Assert.True(exception.Error is HashListError.TooLarge or HashListError.Malformed or HashListError.WrongType, exception.Message);
        Assert.InRange(stream.Taken, 0, 4 * 1024 * 1024);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_truncated_document_is_whole_records_or_a_typed_error(HashListFormat format, string document)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(document);
        int all = Read(document, format).Count;
        for (int length = 0; length < bytes.Length; length++)
        {
            HashListFormat? detected = HashListDocument.Detect(bytes.AsSpan(0, length));
            Assert.True(detected is null || Enum.IsDefined(detected.Value));
            if (ReadOrFail(bytes.AsSpan(0, length).ToArray(), format) is { } count)
            {
                // Formats of lines end anywhere between two; documents only at their end.
                Assert.True(
                    format is HashListFormat.ThreatExchangeCsv or HashListFormat.VPdq or HashListFormat.Records || bytes.AsSpan(length).IndexOfAnyExcept(" \r\n"u8) < 0,
                    $"{length} bytes");
                Assert.InRange(count, 0, all);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_mutated_document_is_records_or_a_typed_error(HashListFormat format, string document)
    {
        var random = new Random(4);
        byte[] bytes = Encoding.UTF8.GetBytes(document);
        int failed = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] mutated = [.. bytes];
            for (int n = random.Next(1, 5); n > 0; n--)
            {
                int at = random.Next(mutated.Length);
                mutated[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)"<>&\"{}[],:\\0"[random.Next(12)],
                    _ => bytes[random.Next(bytes.Length)],
                };
            }

            HashListDocument.Detect(mutated);
            failed += ReadOrFail(mutated, format) is null ? 1 : 0;
        }

        Assert.InRange(failed, 1, 1500);
    }

    [Fact]
    public void Bad_records_are_passed_over_by_option()
    {
        string document = StopNcii.Replace(Pdq, Pdq[1..], StringComparison.Ordinal);
        var problems = new List<HashListException>();
        var writer = new HashIndexWriter("test");
        var builder = new HashListBuilder(writer, new HashListOptions { OnBadLine = problems.Add });
        builder.Add(Write("list", document));
        Assert.Equal(1, builder.Complete().Bad);
        Assert.Contains("record 1", Assert.Single(problems).Message, StringComparison.Ordinal);
    }

    private static int? ReadOrFail(byte[] document, HashListFormat format)
    {
        try
        {
            using var stream = new MemoryStream(document);
            return HashListDocument.Read(stream, "list", format).Count();
        }
        catch (HashListException exception)
        {
            for (Exception? e = exception; e is not null; e = e.InnerException)
            {
                Assert.DoesNotContain(Pdq[..12], e.Message, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(Md5[..12], e.Message, StringComparison.OrdinalIgnoreCase);
            }

            return null;
        }
    }

    private static List<HashListRecord> Read(string document, HashListFormat format)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(document));
        return [.. HashListDocument.Read(stream, "list", format)];
    }

    private static IEnumerable<string> Entries(HashIndex index)
    {
        int entry = 0;
        foreach (HashKind kind in HashKinds.All)
        {
            for (int i = 0; i < index.CountOf(kind); i++, entry++)
            {
                yield return $"{index.Id(entry)} {kind.Name()}";
            }
        }
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private sealed class EndlessStream(byte[] start, byte[] repeated) : Stream
    {
        public long Taken { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Taken;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            for (int i = 0; i < count; i++, Taken++)
            {
                buffer[offset + i] = Taken < start.Length ? start[Taken] : repeated[(Taken - start.Length) % repeated.Length];
            }

            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
