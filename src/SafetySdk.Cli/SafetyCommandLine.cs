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
        var common = new CommonOptions();
        var root = new RootCommand("Checks pictures and prompts around an image generator or a vision chat model, on this machine.")
        {
            CheckCommand.Create(common, output, error),
            HashCommand.Create(common, output, error),
            ListsCommand.Create(common, output, error),
            ImagesCommand.Create(common, output, error),
            ModelsCommand.Create(common, output, error),
            PolicyCommand.Create(common, output, error),
        };
        root.Add(common.Format);
        root.Add(common.Home);

        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(e => e.Message).Distinct())
            {
                error.WriteLine($"safety: {message}");
            }

            error.WriteLine("Try 'safety --help'.");
            return ExitCode.Usage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        }
        catch (Exception e)
        {
            (int code, string message) = Explain(e);
            error.WriteLine($"safety: {message}");
            return code;
        }
    }

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
