using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SafetySdk.Audit;
using SafetySdk.Policies;

namespace SafetySdk.Storage.Tests;

public sealed class AuditTests
{
    private const int Records = 8;

    // Record n is lines[n - 1]; the last line names the head.
    private readonly List<string> _lines = [.. Export()];

    [Fact]
    public void A_whole_log_is_intact() => Assert.Equal(Records, Check(_lines, null, 0)?.Head.Sequence);

    // The form that others may check without this library.
    [Fact]
    public void A_record_ends_with_the_sha256_of_all_before_and_names_the_one_before()
    {
        for (int i = 0; i < Records; i++)
        {
            Assert.Equal(Sha256(BodyOf(_lines[i])), HashOf(_lines[i]));
            using var json = JsonDocument.Parse(_lines[i]);
            Assert.Equal(HashOf(_lines[i]), json.RootElement.GetProperty("hash").GetString());
            Assert.Equal(i == 0 ? new string('0', 64) : HashOf(_lines[i - 1]), json.RootElement.GetProperty("previous").GetString());
        }
    }

    // The sequence gives the order: a wall clock may do what it likes.
    [Fact]
    public async Task A_clock_that_jumps_leaves_the_chain_whole()
    {
        var time = new SteppedTime();
        using var store = new InMemorySafetyStore();
        var recorder = new VerdictRecorder(store, new InputDigester(new byte[32]), time: time);
        foreach (double days in new[] { 0, -400, 1000, -3000, 0.5 })
        {
            time.Jump(TimeSpan.FromDays(days));
            await recorder.RecordAsync(Verdicts.Blocked(), new CheckSubject { AccountId = "a" }, TestContext.Current.CancellationToken);
        }

        AuditVerification log = await StoredAudit.VerifyAsync(store, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(log.IsIntact);
        Assert.Equal(5, log.Head.Sequence);
        using var export = new MemoryStream();
        await StoredAudit.ExportAsync(store, export, TestContext.Current.CancellationToken);
        export.Position = 0;
        Assert.True(AuditExport.Verify(export, log.Head).IsIntact);
    }

    [Fact]
    public void One_changed_byte_anywhere_is_found()
    {
        string record = _lines[3];
        for (int at = 0; at < record.Length; at++)
        {
            char other = record[at] == 'a' ? 'b' : 'a';
            _lines[3] = $"{record[..at]}{other}{record[(at + 1)..]}";
            Check(_lines, AuditFaultKind.Altered, 4);
        }
    }

    [Fact]
    public void A_record_that_was_sealed_anew_is_found_by_the_next_one()
    {
        string body = BodyOf(_lines[3]).Replace("allow", "block", StringComparison.Ordinal);
        _lines[3] = $"{body},\"hash\":\"{Sha256(body)}\"}}";
        Check(_lines, AuditFaultKind.Altered, 4);

        // The last one, by the head.
        _lines[Records - 1] = _lines[3];
        Check([_lines[3], .. _lines[^1..]], AuditFaultKind.Missing, 1);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 4)]
    [InlineData(6, 7)]
    public void A_missing_record_is_found(int at, long sequence)
    {
        _lines.RemoveAt(at);
        Check(_lines, AuditFaultKind.Missing, sequence);
    }

    [Theory]
    [InlineData(0, 7, 1)]
    [InlineData(2, 3, 3)]
    [InlineData(3, 6, 4)]
    public void Records_that_changed_places_are_found(int a, int b, long sequence)
    {
        (_lines[a], _lines[b]) = (_lines[b], _lines[a]);
        Check(_lines, AuditFaultKind.Reordered, sequence);
    }

    [Fact]
    public void A_record_that_is_there_twice_is_found()
    {
        _lines.Insert(5, _lines[2]);
        Check(_lines, AuditFaultKind.Repeated, 3);
    }

    [Fact]
    public void A_log_that_was_cut_short_is_found()
    {
        Check([.. _lines[..^1]], AuditFaultKind.Truncated, Records + 1); // the last line is gone
        Check([.. _lines[..5], _lines[^1]], AuditFaultKind.Truncated, 6); // records before it are
        Check([], AuditFaultKind.Truncated, 1);
        Check([_lines[^1]], AuditFaultKind.Truncated, 1);
        Check([.. _lines[..3], _lines[3][..40]], AuditFaultKind.Altered, 4);
    }

    [Fact]
    public void A_log_that_goes_on_after_its_head_is_found()
    {
        string head = Encoding.UTF8.GetString(AuditExport.Trailer(new AuditHead(Records - 1, HashOf(_lines[Records - 2]))));
        Check([.. _lines[..^1], head], AuditFaultKind.Extended, Records);
    }

    [Fact]
    public void A_log_that_was_written_anew_is_found_by_a_head_that_was_kept()
    {
        AuditHead kept = new(5, HashOf(_lines[4]));
        AuditVerification other = AuditExport.Verify(Stream([.. Export()]), kept);
        Assert.Equal((AuditFaultKind.Altered, 5), (other.Fault!.Kind, other.Fault.Sequence));
        Assert.True(AuditExport.Verify(Stream(_lines), kept).IsIntact);
        Assert.Equal(
            AuditFaultKind.Truncated, AuditExport.Verify(Stream([.. Short()]), kept with { Sequence = 7 }).Fault!.Kind);

        IEnumerable<string> Short()
            => [.. _lines[..5], Encoding.UTF8.GetString(AuditExport.Trailer(new AuditHead(5, HashOf(_lines[4]))))];
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"head\":1}")]
    [InlineData("[[[[[[[[[[[[[[[[")]
    [InlineData("\0\0\0\0")]
    public void What_is_no_log_is_an_answer_and_no_crash(string text)
        => Assert.False(AuditExport.Verify(new MemoryStream(Encoding.UTF8.GetBytes(text))).IsIntact);

    [Fact]
    public void A_line_without_end_is_read_in_bounded_memory()
    {
        using var endless = new Zeros(100 << 20);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.False(AuditExport.Verify(endless).IsIntact);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 32 << 20);
    }

    [Fact]
    public void A_record_says_what_was_decided_and_why()
    {
        using var json = JsonDocument.Parse(_lines[1]);
        JsonElement record = json.RootElement;
        Assert.Equal(2, record.GetProperty("sequence").GetInt64());
        Assert.Equal("verdict", record.GetProperty("kind").GetString());
        Assert.Equal("block", record.GetProperty("decision").GetString());
        Assert.Equal("edit", record.GetProperty("operation").GetString());
        Assert.Equal("teen", record.GetProperty("age").GetString());
        JsonElement reason = record.GetProperty("reasons")[0];
        Assert.Equal(
            ("no-sexual", "sexual", "prompt", 0.9, 0.5, "rules", "1"),
            (reason.GetProperty("rule").GetString(), reason.GetProperty("category").GetString(), reason.GetProperty("stage").GetString(),
                reason.GetProperty("score").GetDouble(), reason.GetProperty("threshold").GetDouble(), reason.GetProperty("detector").GetString(),
                reason.GetProperty("version").GetString()));
        Assert.Equal("balanced", record.GetProperty("policy").GetProperty("name").GetString());
        Assert.Equal(64, record.GetProperty("inputs")[0].GetProperty("digest").GetString()!.Length);
        Assert.Equal("2026-11-25T12:00:00.0000000Z", record.GetProperty("time").GetString());
    }

    [Fact]
    public void Digests_need_the_key_and_tell_nothing_of_the_order()
    {
        var digester = new InputDigester(Key(1));
        ReadOnlyMemory<byte> a = new byte[] { 1 }, b = new byte[] { 2 };
        Assert.Equal(digester.OfText("p"), new InputDigester(Key(1)).OfText("p"));
        Assert.NotEqual(digester.OfText("p"), new InputDigester(Key(2)).OfText("p"));
        Assert.NotEqual(digester.KeyId, new InputDigester(Key(2)).KeyId);
        Assert.NotEqual(digester.OfText("p"), digester.OfAccount("p"));
        Assert.NotEqual(digester.OfText("p"), digester.OfFile("p"u8));
        Assert.Equal(CheckSubject.Digest(digester, "p", [a, b], []), CheckSubject.Digest(digester, "p", [b, a], []));
        Assert.Throws<ArgumentException>(() => new InputDigester(new byte[InputDigester.MinKeyBytes - 1]));
    }

    // HMAC-SHA-256 by openssl: printf 'text\0a lighthouse' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101...(32 bytes)
    [Fact]
    public void The_digest_of_a_text_is_the_hmac_of_its_sha256()
    {
        var digester = new InputDigester(Key(1));
        Assert.Equal("a1c10704766d7997146736b4143d99e9d2124130d35b92edc3c8d0853b2f8091", digester.OfText("a lighthouse"));
        byte[] bytes = Encoding.UTF8.GetBytes("a lighthouse");
        Assert.Equal(digester.OfText("a lighthouse"), digester.OfTextSha256(SHA256.HashData(bytes)));
        Assert.Equal(digester.OfFile(bytes), digester.OfFileSha256(SHA256.HashData(bytes)));
        Assert.NotEqual(digester.OfFile(bytes), digester.OfText("a lighthouse"));
        Assert.Throws<ArgumentException>(() => digester.OfFileSha256(new byte[31]));
    }

    private static byte[] Key(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static string BodyOf(string line) => line[..line.LastIndexOf(",\"hash\"", StringComparison.Ordinal)];

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string HashOf(string line) => line[^(AuditRecord.HashDigits + 2)..^2];

    private static string[] Export()
    {
        using var store = new InMemorySafetyStore();
        var digester = new InputDigester(Key(1));
        var recorder = new VerdictRecorder(store, digester, time: new SteppedTime());
        for (int i = 0; i < Records; i++)
        {
            var subject = new CheckSubject
            {
                AccountId = "a",
                Operation = Operation.Edit,
                Age = AgeBand.Teen,
                Inputs = CheckSubject.Digest(digester, "a prompt", [new byte[] { 1, 2 }], []),
            };
            recorder.RecordAsync(i == 1 ? Verdicts.Blocked() : Verdicts.Allowed(), subject).AsTask().GetAwaiter().GetResult();
        }

        using var file = new MemoryStream();
        StoredAudit.ExportAsync(store, file).GetAwaiter().GetResult();
        return Encoding.UTF8.GetString(file.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static MemoryStream Stream(IEnumerable<string> lines) => new(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));

    private static AuditVerification Check(IReadOnlyList<string> lines, AuditFaultKind? kind, long sequence)
    {
        AuditVerification verification = AuditExport.Verify(Stream(lines));
        Assert.Equal(kind, verification.Fault?.Kind);
        Assert.Equal(sequence, verification.Fault?.Sequence ?? 0);
        return verification;
    }

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, _left);
            _left -= read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
