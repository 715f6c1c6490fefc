using System.CommandLine;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Models;
using SafetySdk.Policies;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety policy</c>: shows, validates, explains and compares policies.</summary>
internal static class PolicyCommand
{
    private const long MaxPolicyBytes = 1 << 20;

    public static Command Create(GlobalOptions common, TextWriter output)
        => new("policy", "Shows, validates, explains and compares policies.")
        {
            Show(common, output), Validate(common, output), Explain(common, output), Compare(common, output), Schema(output),
        };

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
        var command = new Command(
            "validate", "Reads a policy document; names the first mistake, contradictions, and rules that can never fire, by path and line.")
        {
            file,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            PolicyValidation validation = Read(path, static (document, find) => PolicyValidation.Of(document, find));
            bool valid = !validation.Problems.Any(static p => p.IsError);
            if (common.Json(parsed))
            {
                output.WriteLine(JsonLine.Of(json => Write(json, validation, valid)));
            }
            else
            {
                foreach (PolicyProblem problem in validation.Problems)
                {
                    string where = problem.Line == 0 ? "inherited" : $"line {problem.Line}, column {problem.Column}, {problem.Path}";
                    output.WriteLine($"{path}: {where}: {(problem.IsError ? "error" : "note")}: {problem.Message}");
                }

                SafetyPolicy policy = validation.Policy;
                output.WriteLine(valid
                    ? $"{path}: valid, {policy.Rules.Count} rules, digest {policy.Digest}"
                    : $"{path}: not valid: it does something else than it says.");
            }

            return valid ? ExitCode.Ok : ExitCode.UnreadableInput;
        });
        return command;
    }

    private static Command Explain(GlobalOptions common, TextWriter output)
    {
        var policy = new Option<string>("--policy") { Description = "Name of a built-in policy, or a file.", DefaultValueFactory = _ => "balanced" };
        var lists = new Option<bool>("--lists") { Description = "Lists of known content and of names are configured." };
        var accounts = new Option<bool>("--accounts") { Description = "Accounts are looked up before a check." };
        var situation = new SituationOptions();
        var command = new Command(
            "explain", "Prints, as a table, what a policy blocks, reviews and allows, and why; marks rules that need what is not configured.")
        {
            policy, lists, accounts,
        };
        situation.AddTo(command);
        command.SetAction(parsed =>
        {
            PolicySituation asked = situation.Of(parsed) with
            {
                Configured = CategorySources.Text
                    | (HasImageDetectors(common.HomeOf(parsed)) ? CategorySources.Picture : CategorySources.None)
                    | (parsed.GetValue(lists) ? CategorySources.Lists : CategorySources.None)
                    | (parsed.GetValue(accounts) ? CategorySources.Accounts : CategorySources.None),
            };
            PolicyExplanation explained = PolicyExplanation.Of(Load(parsed.GetRequiredValue(policy)), asked);
            if (common.Json(parsed))
            {
                output.WriteLine(JsonLine.Of(json => Write(json, explained)));
            }
            else
            {
                PolicyText.Write(explained, asked.Age, output);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    // The models that come by default are what the image detectors are made of.
    private static bool HasImageDetectors(SafetyHome home)
        => ModelCatalog.All.Where(static m => m.IsDefault).All(m => File.Exists(Path.Combine(home.ModelsDirectory, m.Name, "model.json")));

    private static Command Compare(GlobalOptions common, TextWriter output)
    {
        var first = new Argument<string>("first") { Description = "Name of a built-in policy, or a file." };
        var second = new Argument<string>("second") { Description = "Another." };
        var situation = new SituationOptions();
        var command = new Command("compare", "Prints what two policies do differently.") { first, second };
        situation.AddTo(command);
        command.SetAction(parsed =>
        {
            PolicyComparison compared = PolicyComparison.Of(
                Load(parsed.GetRequiredValue(first)), Load(parsed.GetRequiredValue(second)), situation.Of(parsed));
            if (common.Json(parsed))
            {
                output.WriteLine(JsonLine.Of(json => Write(json, compared)));
            }
            else
            {
                PolicyText.Write(compared, output);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Schema(TextWriter output)
    {
        var command = new Command("schema", "Prints the JSON schema of policy documents.");
        command.SetAction(_ =>
        {
            output.WriteLine(SafetyPolicy.JsonSchema.TrimEnd());
            return ExitCode.Ok;
        });
        return command;
    }

    private static SafetyPolicy Load(string nameOrPath)
    {
        if (SafetyPolicy.BuiltInNames.Contains(nameOrPath))
        {
            return SafetyPolicy.BuiltIn(nameOrPath);
        }

        return File.Exists(nameOrPath)
            ? Read(nameOrPath, static (document, find) => SafetyPolicy.Parse(document, find))
            : throw new CommandException(
                ExitCode.Usage,
                $"there is no policy '{nameOrPath}': not a file, and of the built-in policies the nearest is "
                + $"'{PolicyVocabulary.Nearest(nameOrPath, SafetyPolicy.BuiltInNames)}'.");
    }

    private static T Read<T>(string path, Func<byte[], Func<string, byte[]?>, T> read)
    {
        byte[] document = InputFile.Read(path, MaxPolicyBytes);
        try
        {
            return read(document, PolicyFile.Beside(path));
        }
        catch (PolicyFormatException e)
        {
            throw new CommandException(ExitCode.UnreadableInput, $"{path}: {e.Message}");
        }
    }

    private static void Write(Utf8JsonWriter json, PolicyValidation validation, bool valid)
    {
        json.WriteBoolean("valid", valid);
        json.WriteNumber("rules", validation.Policy.Rules.Count);
        json.WriteString("digest", validation.Policy.Digest);
        json.WriteStartArray("problems");
        foreach (PolicyProblem problem in validation.Problems)
        {
            json.WriteStartObject();
            json.WriteString("kind", PolicyVocabulary.AllNames<PolicyProblemKind>()[(int)problem.Kind]);
            json.WriteBoolean("error", problem.IsError);
            json.WriteString("rule", problem.Rule);
            json.WriteString("message", problem.Message);
            json.WriteString("path", problem.Path);
            json.WriteNumber("line", problem.Line);
            json.WriteNumber("column", problem.Column);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, PolicyExplanation explained)
    {
        Write(json, "policy", explained.Policy);
        Write(json, explained.Situation);
        json.WriteStartArray("rows");
        foreach (PolicyLine line in explained.Lines)
        {
            json.WriteStartObject();
            json.WriteString("decision", line.Decision.Name());
            json.WriteString("rule", line.Rule.Id);
            json.WriteString("category", line.Rule.Category.Name());
            json.WriteString("title", CategoryInfo.Of(line.Rule.Category).Title);
            Write(json, "stages", line.Stages.Select(s => s.Name()));
            Write(json, "modalities", line.Rule.Modalities.Select(m => m.Name()));
            json.WriteNumber("threshold", line.Rule.Threshold);
            Write(json, "with", line.Rule.With.Select(c => c.Name()));
            json.WriteBoolean("needsChild", line.NeedsChild);
            json.WriteStartObject("inContext");
            foreach (ContextDecision softened in line.Rule.InContext)
            {
                json.WriteString(softened.Context.Name(), softened.Decision.Name());
            }

            json.WriteEndObject();
            if (line.SoftenedBy is { } context)
            {
                json.WriteString("softenedBy", context.Name());
            }

            Write(json, "actions", line.Rule.Actions.Select(a => a.Name()));
            Write(json, "advise", line.Rule.Advise.Select(a => a.Name()));
            json.WriteString("why", line.Rule.Why);
            json.WriteBoolean("floor", line.IsFloor);
            json.WriteBoolean("detected", line.IsDetected);
            json.WriteBoolean("blind", line.IsBlind);
            Write(json, "missing", PolicyText.Names(line.Missing));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Write(json, "allowed", explained.Free.Select(c => c.Name()));
        json.WriteString("whenCheckFails", explained.Policy.WhenCheckFails.Name());
    }

    private static void Write(Utf8JsonWriter json, PolicyComparison compared)
    {
        Write(json, "first", compared.First.Policy);
        Write(json, "second", compared.Second.Policy);
        Write(json, compared.First.Situation);
        json.WriteStartArray("differences");
        foreach (PolicyDifference difference in compared.Differences)
        {
            json.WriteStartObject();
            json.WriteString("category", difference.Category?.Name());
            json.WriteString("subject", difference.Subject);
            json.WriteString("first", difference.First);
            json.WriteString("second", difference.Second);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string property, SafetyPolicy policy)
    {
        json.WriteStartObject(property);
        json.WriteString("name", policy.Name);
        json.WriteString("digest", policy.Digest);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PolicySituation situation)
    {
        json.WriteString("age", situation.Age.Name());
        json.WriteString("operation", situation.Operation.Name());
        Write(json, "contexts", situation.Contexts.Select(c => c.Name()));
    }

    private static void Write(Utf8JsonWriter json, string property, IEnumerable<string> names)
    {
        json.WriteStartArray(property);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }

    /// <summary>The options that say for whom and what for.</summary>
    private sealed class SituationOptions
    {
        private readonly Option<string> _age = new("--age") { Description = "The user's age band.", DefaultValueFactory = _ => AgeBand.Adult.Name() };

        private readonly Option<string> _operation = new("--operation")
        {
            Description = "What the user wants to do.",
            DefaultValueFactory = _ => Operation.Generate.Name(),
        };

        private readonly Option<string[]> _stages = new("--stage") { Description = "Only this stage; may be repeated." };

        private readonly Option<string[]> _contexts = new("--context") { Description = "What the request is for; may be repeated." };

        public void AddTo(Command command)
        {
            _age.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<AgeBand>()]);
            _operation.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<Operation>()]);
            _stages.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<Stage>()]);
            _contexts.AcceptOnlyFromAmong([.. PolicyVocabulary.AllNames<SafetyContext>()]);
            command.Add(_age);
            command.Add(_operation);
            command.Add(_stages);
            command.Add(_contexts);
        }

        public PolicySituation Of(ParseResult parsed) => new(One<AgeBand>(parsed.GetValue(_age)), One<Operation>(parsed.GetValue(_operation)))
        {
            Stages = [.. (parsed.GetValue(_stages) ?? []).Select(One<Stage>).Distinct()],
            Contexts = [.. (parsed.GetValue(_contexts) ?? []).Select(One<SafetyContext>).Distinct()],
        };

        private static T One<T>(string? name)
            where T : struct, Enum
            => PolicyVocabulary.TryParse(name, out T value)
                ? value
                : throw new CommandException(ExitCode.Usage, $"there is no {typeof(T).Name.ToLowerInvariant()} '{name}'.");
    }
}
