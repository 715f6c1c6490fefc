using System.Globalization;
using System.Text;
using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>Writes the report of a training run, Markdown.</summary>
internal static class TrainingReport
{
    public static string Write(PromptTrainingResult result, TrainingOptions options)
    {
        var text = new StringBuilder();
        Line(text, $"# Training report of the prompt model {LearnedPromptModel.Read(result.Model).Version}");
        Line(text, $"");
        Line(text, $"Hashed binary word 1-2-grams (2^{options.WordBits} rows) and character 3-5-grams (2^{options.CharBits} rows), int8; {result.Model.Length / 1e6:0.00} MB.");
        Line(text, $"Logistic regression a head, cost {options.Cost}, {options.Epochs} epochs at most, seed {options.Seed}.");
        Line(text, $"{result.Trained.Rows} rows, {result.Trained.Skipped} could not be judged; {result.NearDuplicates} composed rows left out as too near to the development split.");
        Line(text, $"Thresholds: harmless rows of the development split alone, those made to look harmful left out. No row of it trained anything.");
        Line(text, $"Figures of harmless rows that also set thresholds (PartiPrompts, COCO, CLINC and others) are therefore a little better than on fresh rows.");
        Line(text, $"");
        Line(text, $"## Rows by source");
        Line(text, $"");
        Line(text, $"| source | rows |");
        Line(text, $"| --- | ---: |");
        foreach ((string source, int rows) in result.Sources)
        {
            Line(text, $"| {source} | {rows} |");
        }

        Line(text, $"");
        Line(text, $"## Heads");
        Line(text, $"");
        Line(text, $"Held out: a fifth of the groups of the training split, scored by a model that has not seen them; calibration is fitted there.");
        Line(text, $"");
        Line(text, $"| head | positive | negative | held out | AUROC | AUPRC | slope | intercept |");
        Line(text, $"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach ((HeadTraining head, PromptModelHead written) in result.Trained.Heads.Zip(result.Heads))
        {
            Line(text, $"| {head.Name} | {head.Positives} | {head.Negatives} | {head.HeldOut} | {head.HeldOutAuroc:0.000} | {head.HeldOutPrecision:0.000} | {written.Slope:0.00} | {written.Intercept:0.00} |");
        }

        Line(text, $"");
        Line(text, $"## Thresholds (scores before calibration: review / block)");
        Line(text, $"");
        Line(text, $"| head | any | image prompt | vision chat | post |");
        Line(text, $"| --- | ---: | ---: | ---: | ---: |");
        foreach (PromptModelHead head in result.Heads)
        {
            Line(text, $"| {head.Name} | {Pair(head, PromptSurface.Any)} | {Pair(head, PromptSurface.ImagePrompt)} | {Pair(head, PromptSurface.VisionChat)} | {Pair(head, PromptSurface.Post)} |");
        }

        Line(text, $"");
        Line(text, $"## Development split, thresholds of any surface");
        foreach (IGrouping<string, Figure> group in result.Figures.GroupBy(static f => f.Group))
        {
            Line(text, $"");
            Line(text, $"### {group.Key}");
            Line(text, $"");
            Line(text, $"| rows | measure | value | 95 % interval | n |");
            Line(text, $"| --- | --- | ---: | --- | ---: |");
            foreach (Figure figure in group)
            {
                Line(text, $"| {figure.Name} | {figure.Measure} | {Number(figure, figure.Value.Value)} | {Number(figure, figure.Value.Low)} to {Number(figure, figure.Value.High)} | {figure.Value.Rows} |");
            }
        }

        return text.ToString();
    }

    private static string Pair(PromptModelHead head, PromptSurface surface)
        => string.Create(CultureInfo.InvariantCulture, $"{head.Thresholds[surface].Review:0.00} / {head.Thresholds[surface].Block:0.00}");

    private static string Number(Figure figure, double value)
        => figure.Measure == "share"
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:0.0} %")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.000}");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(FormattableString.Invariant(line)).Append('\n');
}
