using System.Globalization;
using System.Text.RegularExpressions;

namespace SafetySdk.Cli.Tests;

/// <summary>The README's commands and examples are run or compared, so that they cannot rot.</summary>
public sealed partial class ReadmeTests
{
    private static string Readme => File.ReadAllText(Path.Combine(TestEnvironment.RepositoryRoot, "README.md"));

    [Fact]
    public void Every_safety_command_ends_as_it_says()
    {
        TestEnvironment.Model("nsfw-inception-v3");
        using var folder = new TemporaryFolder();
        string photo = folder.Write("photo.jpg", File.ReadAllBytes(Photograph.Of("user7-128x128.jpg")));
        folder.Write("known.txt", CommandRun.Of("hash", photo).Output.Split(',')[0] + "\n");
        folder.Write("policy.json", CommandRun.Of("policy", "show", "balanced").Output);
        Match[] commands = [.. CommandLine().Matches(Readme).Cast<Match>()];
        Assert.True(commands.Length >= 10, "the README lost its commands");
        foreach (Match command in commands)
        {
            string[] arguments = [.. Argument().Matches(command.Groups[1].Value).Select(m => m.Value.Trim('"'))];
            string[] placed = [.. arguments.Select(a => FileName().IsMatch(a) ? Path.Combine(folder.Path, a) : a)];
            CommandRun run = CommandRun.Of(placed);
            int expected = int.Parse(command.Groups[2].Value, CultureInfo.InvariantCulture);
            Assert.True(expected == run.ExitCode, $"{command.Value}: {run.ExitCode} {run.Error}");
        }
    }

    [Fact]
    public void Every_example_is_a_sample_that_is_built()
    {
        Match[] examples = [.. Example().Matches(Readme).Cast<Match>()];
        Assert.Equal(3, examples.Length);
        foreach (Match example in examples)
        {
            string sample = File.ReadAllText(Path.Combine(TestEnvironment.RepositoryRoot, example.Groups[1].Value));
            Assert.Equal(sample, example.Groups[2].Value);
        }
    }

    [Fact]
    public void Every_script_that_is_named_exists()
    {
        foreach (Match script in Script().Matches(Readme))
        {
            Assert.True(File.Exists(Path.Combine(TestEnvironment.RepositoryRoot, script.Groups[1].Value)), script.Value);
        }
    }

    [GeneratedRegex(@"^safety (.*?)\s+# (\d+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Argument();

    [GeneratedRegex(@"^\w+\.(jpg|txt|index|json|npy)$")]
    private static partial Regex FileName();

    [GeneratedRegex(@"<!-- (samples/\S+) -->\n```\w+\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"bash (\S+\.sh)")]
    private static partial Regex Script();
}
