using System.CommandLine;
using System.Globalization;
using SafetySdk.Prompts.Learned;
using SafetySdk.Prompts.Training;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety prompts</c>: trains and measures the prompt model.</summary>
internal static class PromptsCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
        => new("prompts", "Trains and measures the model that judges prompts.") { Train(error), Evaluate(common, output) };

    private static Option<string> Corpus() => new("--corpus")
    {
        Description = "Folder with train.jsonl.gz, dev.jsonl.gz and lists/profanity.tsv.gz.",
        Required = true,
    };

    private static Command Train(TextWriter error)
    {
        Option<string> corpus = Corpus();
        var target = new Option<string>("--out") { Description = "The model file to write.", Required = true };
        var report = new Option<string>("--report") { Description = "The report to write, Markdown.", Required = true };
        var seed = new Option<ulong>("--seed") { Description = "Seed; the same seed gives the same bytes.", DefaultValueFactory = static _ => 1 };
        var wordBits = Bits("--word-bits", new TrainingOptions().WordBits);
        var charBits = Bits("--char-bits", new TrainingOptions().CharBits);
        var cost = new Option<double>("--cost") { Description = "Cost of an error.", DefaultValueFactory = static _ => new TrainingOptions().Cost };
        var plain = new Option<bool>("--without-composed") { Description = "Leaves out the rows written for this repository." };
        var command = new Command("train", "Trains a model and reports how well it does.") { corpus, target, report, seed, wordBits, charBits, cost, plain };
        command.SetAction(parsed =>
        {
            var options = new TrainingOptions
            {
                Seed = parsed.GetValue(seed),
                WordBits = parsed.GetValue(wordBits),
                CharBits = parsed.GetValue(charBits),
                Cost = parsed.GetValue(cost),
                Composed = !parsed.GetValue(plain),
            };
            PromptTrainingResult result = Explained(() => PromptTraining.Run(parsed.GetValue(corpus)!, options, line =>
            {
                lock (error)
                {
                    error.WriteLine(line);
                }
            }));
            File.WriteAllBytes(parsed.GetValue(target)!, result.Model);
            File.WriteAllText(parsed.GetValue(report)!, TrainingReport.Write(result, options));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Evaluate(GlobalOptions common, TextWriter output)
    {
        Option<string> corpus = Corpus();
        var file = new Option<string?>("--model") { Description = "The model file; without it the one of the library." };
        var surface = new Option<PromptSurface>("--surface") { Description = "Whose thresholds count.", DefaultValueFactory = static _ => PromptSurface.Any };
        var command = new Command("evaluate", "Measures a model on the development split.") { corpus, file, surface };
        command.SetAction(parsed =>
        {
            LearnedPromptModel model = parsed.GetValue(file) is { } path ? LearnedPromptModel.Open(path) : LearnedPromptModel.Embedded;
            foreach (Figure figure in Explained(() =>
            {
                List<CorpusRow> rows = CorpusReader.Read(Path.Combine(parsed.GetValue(corpus)!, PromptTraining.DevelopmentFile));
                return PromptEvaluation.Measure(model, PromptEvaluation.Score(model, rows), parsed.GetValue(surface));
            }))
            {
                output.WriteLine(common.Json(parsed) ? Json(figure) : Text(figure));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<int> Bits(string name, int value) => new(name)
    {
        Description = "Bits of the hash, 8 to 20.",
        DefaultValueFactory = _ => value,
        Validators =
        {
            static result =>
            {
                if (result.GetValueOrDefault<int>() is < 8 or > 20)
                {
                    result.AddError("bits are 8 to 20.");
                }
            },
        },
    };

    private static T Explained<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (CorpusException e)
        {
            throw new CommandException(ExitCode.UnreadableInput, e.Message);
        }
    }

    private static string Text(Figure figure) => string.Create(
        CultureInfo.InvariantCulture,
        $"{figure.Group,-42} {figure.Name,-38} {figure.Measure,-6} {figure.Value.Value:0.0000} [{figure.Value.Low:0.0000}, {figure.Value.High:0.0000}] n={figure.Value.Rows}");

    private static string Json(Figure figure) => JsonLine.Of(json =>
    {
        json.WriteString("group", figure.Group);
        json.WriteString("rows", figure.Name);
        json.WriteString("measure", figure.Measure);
        Write("value", figure.Value.Value);
        Write("low", figure.Value.Low);
        Write("high", figure.Value.High);
        json.WriteNumber("count", figure.Value.Rows);

        void Write(string name, double value)
        {
            if (double.IsFinite(value))
            {
                json.WriteNumber(name, value);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    });
}
