using System.Text.Json;

namespace SafetySdk.Cli.Tests;

public sealed class ListsCommandTests : IDisposable
{
    private static readonly string Md5 = new('a', 32);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_of_several_formats_become_one_index_with_its_counts()
    {
        string text = _folder.Write("list.txt", new string('b', 64) + "\n");
        string first = _folder.Write("first.xml", Ncmec(Image("image", "1") + Image("image", "2")));
        string second = _folder.Write("second.xml", Ncmec(Image("deletedImage", "1")));
        CommandRun run = CommandRun.Of("lists", "build", "--out", Index, text, first, second, "--format", "json");
        Assert.Equal(0, run.ExitCode);
        JsonElement json = run.Json;
        Assert.Equal(2, json.GetProperty("entries").GetInt32());
        Assert.Equal(1, json.GetProperty("removed").GetInt32());
        Assert.Equal(1, json.GetProperty("unsupported").GetProperty("photodna").GetInt32());
        Assert.Equal(65, CommandRun.Of("lists", "build", "--out", Index, "--list-format", "stopncii", first).ExitCode);
        Assert.Equal(64, CommandRun.Of("lists", "build", "--out", Index, "--list-format", "x", first).ExitCode);
    }

    [Fact]
    public void An_update_that_matches_the_probes_is_not_put_in_place()
    {
        string good = _folder.Write("good.txt", new string('b', 64) + "\n");
        string probes = _folder.Write("probes.txt", Md5 + "\n");
        string flood = _folder.Write("flood.txt", Md5 + "\n");
        Assert.Equal(0, CommandRun.Of("lists", "build", "--out", Index, "--probes", probes, good).ExitCode);
        byte[] before = File.ReadAllBytes(Index);
        CommandRun run = CommandRun.Of("lists", "build", "--out", Index, "--probes", probes, flood);
        Assert.Equal(10, run.ExitCode);
        Assert.Contains("1 of 1 probes", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Index));
        Assert.Equal(0, CommandRun.Of("lists", "build", "--out", Index, "--probes", probes, "--allowed-probes", "1", flood).ExitCode);
    }

    [Fact]
    public void A_pull_without_credentials_or_configuration_says_what_is_missing()
    {
        string records = Path.Combine(_folder.Path, "records");
        CommandRun run = CommandRun.Of("lists", "pull", "ncmec", "--config", Path.Combine(_folder.Path, "none"), "--out", records);
        Assert.Equal(64, run.ExitCode);
        string config = _folder.Write("config.json", "{\"url\":\"https://localhost:1/\",\"user_env\":\"SAFETY_NO_SUCH_VARIABLE\"}");
        run = CommandRun.Of("lists", "pull", "ncmec", "--config", config, "--out", records);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains("user_env", run.Error, StringComparison.Ordinal);
        Assert.Equal(64, CommandRun.Of("lists", "pull", "other", "--config", config, "--out", records).ExitCode);
    }

    [Fact]
    public void A_quarantined_index_is_put_in_place_by_the_operator()
    {
        string probes = _folder.Write("probes.txt", Md5 + "\n");
        string flood = _folder.Write("flood.txt", Md5 + "\n");
        Assert.Equal(65, CommandRun.Of("lists", "release", Index).ExitCode);
        Assert.Equal(10, CommandRun.Of("lists", "build", "--out", Index, "--probes", probes, flood).ExitCode);
        Assert.False(File.Exists(Index));
        Assert.Equal(0, CommandRun.Of("lists", "release", Index).ExitCode);
        Assert.Equal(1, CommandRun.Of("lists", "info", "--verify", Index, "--format", "json").Json.GetProperty("entries").GetInt32());
        Assert.Equal(65, CommandRun.Of("lists", "release", Index).ExitCode);
    }

    [Fact]
    public void Entries_are_added_removed_and_written_into_the_index()
    {
        string md5 = new('c', 32);
        string sha256 = new('d', 64);
        string first = _folder.Write("first.xml", Ncmec(Image("image", "1")));
        Assert.Equal(0, CommandRun.Of("lists", "build", "--out", Index, first).ExitCode);
        string more = _folder.Write("more.txt", $"{md5},case-1\nsha256 {sha256},case-1\n{new string('e', 64)},case-2\n");
        JsonElement added = CommandRun.Of("lists", "add", Index, more, "--format", "json").Json;
        Assert.Equal((3, 4), (added.GetProperty("added").GetInt32(), added.GetProperty("entries").GetInt32()));

        JsonElement match = CommandRun.Of("lists", "match", Index, "--hash", md5, "--format", "json").Json.GetProperty("matches")[0];
        Assert.Equal(("case-1", "more.txt"), (match.GetProperty("id").GetString(), match.GetProperty("source").GetString()));
        match = CommandRun.Of("lists", "match", Index, "--hash", sha256, "--sha256", "--format", "json").Json.GetProperty("matches")[0];
        Assert.Equal("sha256", match.GetProperty("algorithm").GetString());
        match = CommandRun.Of("lists", "match", Index, "--hash", Md5, "--format", "json").Json.GetProperty("matches")[0];
        Assert.Equal(("A1", "active"), (match.GetProperty("classification").GetString(), match.GetProperty("state").GetString()));

        Assert.Contains("0 removed", CommandRun.Of("lists", "remove", Index, "--id", "case-1", "--source", "first.xml").Output, StringComparison.Ordinal);
        Assert.Contains("2 removed", CommandRun.Of("lists", "remove", Index, "--id", "case-1", "--source", "more.txt").Output, StringComparison.Ordinal);
        Assert.Contains("1 removed", CommandRun.Of("lists", "remove", Index, "--hash", new string('E', 64)).Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandRun.Of("lists", "compact", Index).ExitCode);
        JsonElement info = CommandRun.Of("lists", "info", Index, "--verify", "--format", "json").Json;
        Assert.Equal((1, 0), (info.GetProperty("entries").GetInt32(), info.GetProperty("changes").GetInt32()));

        string probes = _folder.Write("probes.txt", md5 + "\n");
        Assert.Equal(10, CommandRun.Of("lists", "add", Index, more, "--probes", probes).ExitCode);
        Assert.Contains("1 entries", CommandRun.Of("lists", "info", Index).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_changed_says_why()
    {
        string first = _folder.Write("first.xml", Ncmec(Image("image", "1")));
        Assert.Equal(0, CommandRun.Of("lists", "build", "--out", Index, first).ExitCode);
        Assert.Equal(64, CommandRun.Of("lists", "remove", Index).ExitCode);
        Assert.Equal(64, CommandRun.Of("lists", "remove", Index, "--hash", "xyz").ExitCode);
        Assert.Equal(64, CommandRun.Of("lists", "match", Index, "--hash", new string('g', 64)).ExitCode);
        Assert.Equal(65, CommandRun.Of("lists", "remove", Index + "x", "--id", "1").ExitCode);
        Assert.Equal(65, CommandRun.Of("lists", "add", Index, _folder.Write("bad.txt", "12\n")).ExitCode);
        Assert.Equal(65, CommandRun.Of("lists", "add", Index, _folder.Write("back.xml", Ncmec(Image("deletedImage", "1")))).ExitCode);
        Assert.Equal(65, CommandRun.Of("lists", "add", first, first).ExitCode);
        byte[] index = File.ReadAllBytes(Index);
        index[^1] ^= 1;
        File.WriteAllBytes(Index, index);
        Assert.Equal(65, CommandRun.Of("lists", "info", Index, "--verify").ExitCode);
    }

    private string Index => Path.Combine(_folder.Path, "known.index");

    private static string Ncmec(string images) => $"<queryResult><images>{images}</images></queryResult>";

    private static string Image(string element, string id)
        => $"<{element}><member id=\"4\"/><id>{id}</id><classification>A1</classification><fingerprints><md5>{Md5}</md5><pdna>1</pdna></fingerprints></{element}>";
}
