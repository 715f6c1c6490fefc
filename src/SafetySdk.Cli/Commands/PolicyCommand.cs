using System.CommandLine;
using SafetySdk.Policies;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety policy</c>: shows and validates policies.</summary>
internal static class PolicyCommand
{
    private const long MaxPolicyBytes = 1 << 20;

    public static Command Create(GlobalOptions common, TextWriter output)
        => new("policy", "Shows and validates policies.") { Show(common, output), Validate(common, output) };

    private static Command Show(GlobalOptions common, TextWriter output)
    {
        var name = new Argument<string>("name") { Description = $"One of: {string.Join(", ", SafetyPolicy.BuiltInNames)}." };
        var command = new Command("show", "Prints a built-in policy: with its comments as text, in canonical form as JSON.") { name };
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(name);
            if (!SafetyPolicy.BuiltInNames.Contains(wanted))
            {
                throw new CommandException(
                    ExitCode.Usage,
                    $"there is no built-in policy '{wanted}'; the nearest is "
                    + $"'{PolicyVocabulary.Nearest(wanted, SafetyPolicy.BuiltInNames)}'.");
            }

            output.WriteLine(common.Json(parsed) ? SafetyPolicy.BuiltIn(wanted).ToJson() : SafetyPolicy.BuiltInText(wanted).TrimEnd());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Validate(GlobalOptions common, TextWriter output)
    {
        var file = new Argument<string>("file") { Description = "The policy document." };
        var command = new Command("validate", "Reads a policy document and names the first mistake by path and line.") { file };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            byte[] document = InputFile.Read(path, MaxPolicyBytes);
            try
            {
                SafetyPolicy policy = SafetyPolicy.Parse(document);
                output.WriteLine(common.Json(parsed)
                    ? JsonLine.Of(json =>
                    {
                        json.WriteBoolean("valid", true);
                        json.WriteNumber("rules", policy.Rules.Count);
                        json.WriteString("digest", policy.Digest);
                    })
                    : $"{path}: valid, {policy.Rules.Count} rules, digest {policy.Digest}");
                return ExitCode.Ok;
            }
            catch (PolicyFormatException e)
            {
                throw new CommandException(ExitCode.UnreadableInput, $"{path}: {e.Message}");
            }
        });
        return command;
    }
}
