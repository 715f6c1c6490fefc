using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety check</c>: runs the pipeline and prints the verdict.</summary>
internal static class CheckCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var prompt = new Option<string?>("--prompt") { Description = "The prompt." };
        var promptFile = new Option<string?>("--prompt-file") { Description = "A file with the prompt, UTF-8." };
        var images = new Option<string[]>("--image") { Description = "A picture that the user gave; may be repeated." };
        var outputImages = new Option<string[]>("--output-image") { Description = "A picture that the model made; may be repeated." };
        var operation = new Option<string>("--operation")
        {
            Description = "What the user wants to do.",
            DefaultValueFactory = _ => Operation.Generate.Name(),
        };
        operation.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<Operation>()]);
        var age = new Option<string>("--age") { Description = "The user's age band.", DefaultValueFactory = _ => AgeBand.Unknown.Name() };
        age.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<AgeBand>()]);
        var contexts = new Option<string[]>("--context") { Description = "What the request is for, as the host knows it; may be repeated." };
        contexts.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<SafetyContext>()]);
        var locale = new Option<string?>("--locale") { Description = "The user's language and region, for help resources, such as de-AT." };
        var account = new Option<string?>("--account") { Description = "Opaque identifier of the account." };
        var chatRefused = new Option<bool>("--chat-refused") { Description = "The chat model refused the request." };
        var policy = new Option<string>("--policy") { Description = "Name of a built-in policy, or a file.", DefaultValueFactory = _ => "balanced" };
        var lists = new Option<string[]>("--lists") { Description = "An index or list file of known content; may be repeated." };
        var command = new Command("check", "Runs the pipeline over a prompt and pictures and prints the verdict.")
        {
            prompt, promptFile, images, outputImages, operation, age, contexts, locale, account, chatRefused, policy, lists,
        };
        command.SetAction(parsed =>
        {
            string[] imageFiles = parsed.GetValue(images) ?? [];
            string[] outputFiles = parsed.GetValue(outputImages) ?? [];
            if (parsed.GetValue(prompt) is { } typed && command.Options.Any(o => o.Name == typed))
            {
                // An empty variable without quotes in a script; the option that it swallowed may be the one that refuses.
                throw new CommandException(ExitCode.Usage, $"--prompt has no value but the option {typed}; quote the prompt, or use --prompt-file.");
            }

            string? text = PromptOf(parsed.GetValue(prompt), parsed.GetValue(promptFile));
            if (text is null && imageFiles.Length + outputFiles.Length == 0 && !parsed.GetValue(chatRefused))
            {
                throw new CommandException(ExitCode.Usage, "nothing to check: give --prompt, --prompt-file, --image or --output-image.");
            }

            string[] listFiles = parsed.GetValue(lists) ?? [];
            if (listFiles.Contains(string.Empty))
            {
                throw new CommandException(ExitCode.Usage, "--lists: the name of a list is empty.");
            }

            using ServiceProvider services = CommandServices.Create(
                common.HomeOf(parsed), PolicyOf(parsed.GetValue(policy)!), listFiles);
            Verdict verdict = services.GetRequiredService<SafetyPipeline>().Check(new SafetyRequest
            {
                Prompt = text,
                Images = [.. imageFiles.Select(ReadImage)],
                OutputImages = [.. outputFiles.Select(ReadImage)],
                Operation = Parse<Operation>(parsed.GetValue(operation)),
                Age = Parse<AgeBand>(parsed.GetValue(age)),
                Contexts = [.. (parsed.GetValue(contexts) ?? []).Select(Parse<SafetyContext>)],
                Locale = parsed.GetValue(locale),
                AccountId = parsed.GetValue(account),
                ChatRefused = parsed.GetValue(chatRefused),
            });
            if (common.Json(parsed))
            {
                output.WriteLine(verdict.ToJson());
            }
            else
            {
                WriteText(verdict, output);
                WriteUserText(verdict, parsed.GetValue(locale), output);
            }

            foreach (CheckFailure failure in verdict.Failures)
            {
                error.WriteLine($"safety: {failure.Check}: {Named(failure.Message, imageFiles, outputFiles)}");
            }

            return ExitCode.Of(verdict);
        });
        return command;
    }

    // The pipeline counts pictures; the person knows them by their files.
    private static string Named(string message, string[] images, string[] outputs)
    {
        for (int i = outputs.Length - 1; i >= 0; i--)
        {
            message = message.Replace($"output image {i}:", $"{outputs[i]}:", StringComparison.Ordinal);
        }

        for (int i = images.Length - 1; i >= 0; i--)
        {
            message = message.Replace($"image {i}:", $"{images[i]}:", StringComparison.Ordinal);
        }

        return message;
    }

    private static string? PromptOf(string? prompt, string? file)
    {
        if (prompt is not null && file is not null)
        {
            throw new CommandException(ExitCode.Usage, "give --prompt or --prompt-file, not both.");
        }

        // The runtime reads bytes of an argument that are not UTF-8 as this character: what was meant is lost.
        if (prompt?.Contains('\uFFFD', StringComparison.Ordinal) == true)
        {
            throw new PromptException(
                PromptError.InvalidEncoding, $"--prompt is not valid UTF-8 at character {prompt.IndexOf('\uFFFD', StringComparison.Ordinal)}.");
        }

        if (file is null)
        {
            return prompt;
        }

        byte[] text = InputFile.Read(file, 4L * PromptLimits.MaxCharacters);
        try
        {
            return PromptText.FromUtf8(text);
        }
        catch (PromptException e)
        {
            throw new CommandException(ExitCode.UnreadableInput, $"{file}: {e.Message}");
        }
    }

    private static string PolicyOf(string nameOrPath)
        => SafetyPolicy.BuiltInNames.Contains(nameOrPath) || File.Exists(nameOrPath)
            ? nameOrPath
            : throw new CommandException(
                ExitCode.Usage,
                $"there is no policy '{nameOrPath}': not a file, and of the built-in policies the nearest is "
                + $"'{PolicyVocabulary.Nearest(nameOrPath, SafetyPolicy.BuiltInNames)}'.");

    private static ReadOnlyMemory<byte> ReadImage(string path) => InputFile.Read(path, ImageLimits.Default.MaxBytes);

    private static T Parse<T>(string? name)
        where T : struct, Enum
        => PolicyVocabulary.TryParse(name, out T value)
            ? value
            : throw new CommandException(ExitCode.Usage, $"there is no {typeof(T).Name.ToLowerInvariant()} '{name}'.");

    private static void WriteUserText(Verdict verdict, string? locale, TextWriter output)
    {
        if (RefusalText.For(verdict, locale) is { } text)
        {
            output.WriteLine($"  for the user: {text.Message} {text.Reason}");
        }
    }

    private static void WriteText(Verdict verdict, TextWriter output)
    {
        output.WriteLine($"{verdict.Decision.Name().ToUpperInvariant()}   policy {verdict.PolicyName} {verdict.PolicyDigest[..12]}   id {verdict.Id}");
        foreach (VerdictReason reason in verdict.Reasons)
        {
            string where = reason.Source is null ? reason.Stage.Name() : $"{reason.Stage.Name()}, {reason.Source}";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {reason.Decision.Name(),-9} {reason.Rule} ({where}): score {reason.Score:0.00} >= {reason.Threshold:0.00} by {reason.Detector}"));
            if (reason.Why is { } why)
            {
                output.WriteLine($"            {why}");
            }
        }

        if (verdict.Actions.Count > 0)
        {
            output.WriteLine($"  required: {string.Join(", ", verdict.Actions.Select(a => a.Name()))}");
        }

        if (verdict.Advice.Count > 0)
        {
            output.WriteLine($"  advised: {string.Join(", ", verdict.Advice.Select(a => a.Name()))}");
        }

        if (verdict.Help is { } help)
        {
            output.WriteLine($"  help: {help.Name}, {help.Contact}");
        }

        output.WriteLine("  " + string.Join("   ", verdict.Stages.Select(s => string.Create(
            CultureInfo.InvariantCulture, $"{s.Stage.Name()} {s.Decision.Name()} {s.Duration.TotalMilliseconds:0.0} ms"))));
    }
}
