using System.CommandLine;

namespace SafetySdk.Cli;

/// <summary>Options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public GlobalOptions() => Format.AcceptOnlyFromAmong("text", "json");

    public Option<string> Format { get; } = new("--format")
    {
        Description = "Form of the output.",
        DefaultValueFactory = _ => "text",
        Recursive = true,
    };

    public Option<string?> Home { get; } = new("--home")
    {
        Description = "Folder with models and native libraries (default: "
            + $"${SafetyHome.EnvironmentVariable}, or .safetysdk beside or above the program).",
        Recursive = true,
    };

    public bool Json(ParseResult parsed) => parsed.GetValue(Format) == "json";

    public SafetyHome HomeOf(ParseResult parsed) => SafetyHome.Find(parsed.GetValue(Home));
}
