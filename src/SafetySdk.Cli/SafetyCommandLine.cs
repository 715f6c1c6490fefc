using System.CommandLine;
using SafetySdk.Classification;
using SafetySdk.Cli.Commands;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Models.Packages;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Cli;

/// <summary>
/// The command <c>safety</c>: results on standard output, everything else on standard error, exit codes of <see cref="ExitCode"/>.
/// </summary>
internal static class SafetyCommandLine
{
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        var common = new GlobalOptions();
        Command check = CheckCommand.Create(common, output, error);
        var root = new RootCommand("Checks pictures and prompts around an image generator or a vision chat model, on this machine.")
        {
            check,
            HashCommand.Create(common, output, error),
            ListsCommand.Create(common, output, error),
            ImagesCommand.Create(common, output, error),
            ModelsCommand.Create(common, output, error),
            PolicyCommand.Create(common, output),
            PromptsCommand.Create(common, output, error),
            AuditCommand.Create(common, output),
            ReportsCommand.Create(common, output),
        };
        root.Add(common.Format);
        root.Add(common.Home);

        // No response files: a prompt that starts with @ is a prompt, and never names a file to read.
        ParseResult parsed = root.Parse(WithValuesAttached(arguments, check, common), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(e => WithoutPrompt(e.Message, parsed, check)).Distinct())
            {
                Tell(error, $"safety: {message}");
            }

            Tell(error, "Try 'safety --help'.");
            return ExitCode.Usage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        }
        catch (Exception e)
        {
            (int code, string message) = Explain(e);
            Tell(error, $"safety: {message}");
            return code;
        }
    }

    // Where standard error is closed or full, the exit code is all that is left to say it.
    private static void Tell(TextWriter error, string message)
    {
        try
        {
            error.WriteLine(message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    // A value that a stranger chose, such as a prompt "--help=...", must stay a value: the parser would split it at the sign, print the
    // help and end with 0.
    private static string[] WithValuesAttached(string[] arguments, Command check, GlobalOptions common)
    {
        if (!arguments.Contains(check.Name))
        {
            return arguments;
        }

        Option[] options = [.. check.Options, common.Format, common.Home];
        var attached = new List<string>(arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            bool takesValue = options.Any(o => o.Name == argument && o.ValueType != typeof(bool));
            if (takesValue && i + 1 < arguments.Length && arguments[i + 1] is ['-' or '/', ..] value)
            {
                argument = $"{argument}={value}";
                i++;
            }

            attached.Add(argument);
        }

        return [.. attached];
    }

    // The words that are left over of a prompt without quotes are the prompt's.
    private static string WithoutPrompt(string message, ParseResult parsed, Command check)
        => parsed.CommandResult.Command == check
            && parsed.UnmatchedTokens.Any(t => !t.StartsWith('-') && message.Contains($"'{t}'", StringComparison.Ordinal))
                ? "an argument belongs to no option; a text with spaces needs quotes."
                : message;

    // Known errors say what, where and what to do. Of an unknown one only the type is shown: its text may quote an input.
    private static (int ExitCode, string Message) Explain(Exception exception) => exception switch
    {
        CommandException e => (e.ExitCode, e.Message),
        PolicyFormatException e => (ExitCode.UnreadableInput, e.Message),
        PromptException e => (ExitCode.UnreadableInput, e.Message),
        HashListException e => (ExitCode.UnreadableInput, e.Message),
        HashIndexException e => (ExitCode.UnreadableInput, e.Message),
        ImageException { Error: ImageError.DecoderMissing or ImageError.DecoderTooOld } e => (ExitCode.Missing, e.Message),
        ImageException e => (ExitCode.UnreadableInput, e.Message),
        ModelException e => (ExitCode.Missing, e.Message),
        PackageException e => (ExitCode.Missing, e.Message),
        FileNotFoundException or DirectoryNotFoundException => (ExitCode.UnreadableInput, exception.Message),
        IOException or UnauthorizedAccessException => (ExitCode.UnreadableInput, exception.Message),
        OperationCanceledException => (ExitCode.Incomplete, "cancelled."),
        _ => (ExitCode.Fault, $"a fault of ours ({exception.GetType().Name}); please report it with the command you ran."),
    };
}
