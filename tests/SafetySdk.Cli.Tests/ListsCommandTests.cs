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

    private string Index => Path.Combine(_folder.Path, "known.index");

    private static string Ncmec(string images) => $"<queryResult><images>{images}</images></queryResult>";

    private static string Image(string element, string id)
        => $"<{element}><member id=\"4\"/><id>{id}</id><fingerprints><md5>{Md5}</md5><pdna>1</pdna></fingerprints></{element}>";
}
