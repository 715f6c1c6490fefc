using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>A model ready to be written, with all that its report says.</summary>
internal sealed record PromptTrainingResult(
    byte[] Model, TrainedModel Trained, IReadOnlyList<PromptModelHead> Heads, IReadOnlyList<Figure> Figures,
    IReadOnlyList<(string Source, int Rows)> Sources, int NearDuplicates);

/// <summary>The whole run: rows, heads, thresholds, figures.</summary>
internal static class PromptTraining
{
    public const string TrainFile = "train.jsonl.gz";
    public const string DevelopmentFile = "dev.jsonl.gz";

    /// <summary>Trains on the training split and sets thresholds by harmless rows of the development split.</summary>
    /// <param name="folder">The corpus.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told what is done.</param>
    /// <exception cref="CorpusException">A file of the corpus is malformed.</exception>
    /// <exception cref="IOException">A file of the corpus cannot be read.</exception>
    public static PromptTrainingResult Run(string folder, TrainingOptions options, Action<string>? progress = null)
    {
        List<CorpusRow> development = CorpusReader.Read(Path.Combine(folder, DevelopmentFile));
        List<CorpusRow> rows = CorpusReader.Read(Path.Combine(folder, TrainFile));
        rows.AddRange(ProfanityRows.Read(Path.Combine(folder, "lists", "profanity.tsv.gz")));
        int near = 0;
        if (options.Composed)
        {
            List<CorpusRow> composed = ComposedRows.Read();
            var shingles = new NearDuplicates(development);
            near = composed.RemoveAll(r => shingles.IsNear(r.Text));
            rows.AddRange(composed);
        }

        TrainedModel trained = PromptTrainer.Train(rows, options, progress);
        List<ScoredRow> scored = PromptEvaluation.Score(new LearnedPromptModel(trained.File), development);
        List<PromptModelHead> heads = PromptThresholding.Set(trained.File.Heads, scored);
        byte[] bytes = new PromptModelFile
        {
            Heads = heads,
            WordBits = trained.File.WordBits,
            CharBits = trained.File.CharBits,
            Table = trained.File.Table,
        }.Write();
        var model = LearnedPromptModel.Read(bytes);
        List<Figure> figures = PromptEvaluation.Measure(model, scored, PromptSurface.Any);
        (string Source, int Count)[] sources =
            [.. rows.GroupBy(static r => r.Source).Select(static g => (g.Key, g.Count())).OrderBy(static g => g.Key, StringComparer.Ordinal)];
        return new PromptTrainingResult(bytes, trained, heads, figures, sources, near);
    }
}
