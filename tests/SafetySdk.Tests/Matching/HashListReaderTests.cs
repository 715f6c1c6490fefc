using System.Globalization;
using System.Text;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Tests.Matching;

public sealed class HashListReaderTests
{
    private const string Pdq = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
    private const string Md5 = "0123456789abcdef0123456789abcdef";
    private const string Sha1 = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData(Pdq, HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData(Md5, HashKind.Md5, Md5, "list:1", "")]
    [InlineData(Sha1, HashKind.Sha1, Sha1, "list:1", "")]
    [InlineData("  " + Pdq + "\t", HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData(Pdq + ",case-7", HashKind.Pdq, Pdq, "case-7", "")]
    [InlineData(Pdq + ", case-7 , a, b ,a,,", HashKind.Pdq, Pdq, "case-7", "a|b")]
    [InlineData(Pdq + ",", HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData(Pdq + ",100,folder/a, b.jpg", HashKind.Pdq, Pdq, "folder/a, b.jpg", "")]
    [InlineData("hash=" + Pdq + ",norm=128,delta=0,quality=99,filename=a,b.jpg", HashKind.Pdq, Pdq, "a,b.jpg", "")]
    [InlineData("HASH=" + Pdq, HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData("hash=" + Pdq + ",filename=a.jpg", HashKind.Pdq, Pdq, "a.jpg", "")]
    [InlineData("hash=" + Pdq + ",norm=1", HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData("pdq " + Pdq, HashKind.Pdq, Pdq, "list:1", "")]
    [InlineData("SHA256\t" + Pdq + ",x", HashKind.Sha256, Pdq, "x", "")]
    [InlineData("md5  " + Md5, HashKind.Md5, Md5, "list:1", "")]
    [InlineData("sha1 " + Sha1, HashKind.Sha1, Sha1, "list:1", "")]
    [InlineData("\uFEFF" + Pdq, HashKind.Pdq, Pdq, "list:1", "")]
    public void Every_form_of_line_is_read(string line, HashKind kind, string value, string id, string labels)
    {
        string upper = line.Replace(value, value.ToUpperInvariant(), StringComparison.Ordinal);
        foreach (string text in new[] { line, line + "\n", line + "\r\n", upper })
        {
            HashListEntry entry = Assert.Single(Read(text));
            Assert.Equal(kind, entry.Algorithm);
            Assert.Equal(value, entry.Value);
            Assert.Equal(id, entry.Id);
            Assert.Equal(labels, string.Join('|', entry.Labels));
            Assert.Equal("list", entry.Source);
        }
    }

    [Fact]
    public void Comments_and_blank_lines_are_passed_over_and_counted()
    {
        List<HashListEntry> entries = Read($"# a list\r\n\r\n  \t\n{Pdq}\n#{Md5}\n{Md5}");
        Assert.Equal(["list:4", "list:6"], entries.Select(entry => entry.Id));
        Assert.Empty(Read(""));
    }

    [Fact]
    public void Options_say_what_64_digits_are_and_add_labels()
    {
        var options = new HashListOptions { SixtyFourDigits = HashKind.Sha256, Labels = ["bank"] };
        List<HashListEntry> entries = Read($"{Pdq}\npdq {Pdq},id,own", options);
        Assert.Equal([HashKind.Sha256, HashKind.Pdq], entries.Select(entry => entry.Algorithm));
        Assert.Equal(["bank"], entries[0].Labels);
        Assert.Equal(["bank", "own"], entries[1].Labels);
        Assert.Throws<ArgumentException>(() => Read(Pdq, new HashListOptions { SixtyFourDigits = HashKind.Md5 }));
    }

    public static TheoryData<string, HashListError> BadLines() => new()
    {
        { Pdq[1..], HashListError.WrongLength },
        { Pdq + "0", HashListError.WrongLength },
        { "pdq " + Md5, HashListError.WrongLength },
        { "md5 " + Pdq, HashListError.WrongLength },
        { "pdq", HashListError.WrongLength },
        { "hash=,filename=a", HashListError.WrongLength },
        { ",id", HashListError.WrongLength },
        { "g" + Pdq[1..], HashListError.NotHexadecimal },
        { Pdq[..^1] + "\u0665", HashListError.NotHexadecimal },
        { "phash " + Pdq, HashListError.UnknownAlgorithm },
        { "photodna " + Pdq, HashListError.UnknownAlgorithm },
        { Pdq + ",a\0b", HashListError.InvalidText },
        { Pdq + ",a\u001b[31m", HashListError.InvalidText },
        { Pdq + "," + new string('x', HashListReader.MaxLineBytes), HashListError.LineTooLong },
        { new string('0', 300_000), HashListError.LineTooLong },
    };

    [Theory]
    [MemberData(nameof(BadLines))]
    public void A_bad_line_is_named_with_its_place_and_reason_but_not_its_content(string line, HashListError error)
    {
        string text = $"{Md5}\n{line}\n{Sha1}\n";
        HashListException thrown = Assert.Throws<HashListException>(() => Read(text));
        Assert.Equal(error, thrown.Error);
        Assert.Equal(2, thrown.Line);
        Assert.StartsWith("list, line 2: ", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(line.Length > 8 ? line[..8] : "\0", thrown.Message, StringComparison.Ordinal);

        var bad = new List<HashListException>();
        List<HashListEntry> entries = Read(text, new HashListOptions { OnBadLine = bad.Add });
        Assert.Equal(["list:1", "list:3"], entries.Select(entry => entry.Id));
        HashListException reported = Assert.Single(bad);
        Assert.Equal(error, reported.Error);
        Assert.Equal(2, reported.Line);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_a_bad_line()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes(Pdq + ","), 0xC3, 0x28];
        Assert.Equal(
            HashListError.InvalidText,
            Assert.Throws<HashListException>(() => HashListReader.Read(new MemoryStream(bytes), "list").ToList()).Error);
    }

    [Fact]
    public void The_longest_line_is_read()
    {
        string id = new('x', HashListReader.MaxLineBytes - Pdq.Length - 1);
        Assert.Equal(id, Assert.Single(Read($"{Pdq},{id}\r\n")).Id);
    }

    [Fact]
    public void Lines_across_the_edges_of_reads_are_whole()
    {
        var random = new Random(7);
        var text = new StringBuilder();
        var expected = new List<string>();
        for (int i = 0; i < 5000; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"id{i}{new string('y', random.Next(120))}");
            expected.Add(id);
            text.Append(Pdq).Append(',').Append(id).Append(i % 3 == 0 ? "\r\n" : "\n");
        }

        foreach (int chunk in new[] { 1, 7, 65536 })
        {
            using var stream = new ChunkedStream(Encoding.UTF8.GetBytes(text.ToString()), chunk);
            Assert.Equal(expected, HashListReader.Read(stream, "list").Select(entry => entry.Id));
        }
    }

    [Fact]
    public void A_missing_file_is_a_typed_error_without_its_folder()
    {
        string path = Path.Combine(Path.GetTempPath(), "no-such-folder", "absent.txt");
        HashListException thrown = Assert.Throws<HashListException>(() => HashListReader.Read(path).ToList());
        Assert.Equal(HashListError.Unreadable, thrown.Error);
        Assert.DoesNotContain("no-such-folder", thrown.Message, StringComparison.Ordinal);
    }

    private static List<HashListEntry> Read(string text, HashListOptions? options = null)
        => [.. HashListReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "list", options)];

    private sealed class ChunkedStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(chunk, buffer.Length)]);
    }
}
