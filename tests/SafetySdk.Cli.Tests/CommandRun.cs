using System.Text.Json;

namespace SafetySdk.Cli.Tests;

/// <summary>A run of the command line in this process: what it printed and how it ended.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    public static CommandRun Of(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = SafetyCommandLine.Run(arguments, output, error);
        var run = new CommandRun(exitCode, output.ToString(), error.ToString());
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal); // no stack trace, ever
        return run;
    }

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public JsonElement[] JsonLines => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
}

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("safety-cli-").FullName;

    public string Write(string name, byte[] content)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Write(string name, string content) => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Pictures that come with the sample packages.</summary>
internal static class Photograph
{
    public static string Of(string name)
    {
        string path = System.IO.Path.Combine(TestEnvironment.Home.Path, "photographs", name);
        Assert.SkipUnless(File.Exists(path), $"needs the sample photographs: run native/restore.sh ({name})");
        return path;
    }
}
