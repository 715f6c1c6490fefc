using SafetySdk.Kernels;
using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>How a model is trained.</summary>
internal sealed record TrainingOptions
{
    public ulong Seed { get; init; } = 1;

    public int WordBits { get; init; } = 16;

    public int CharBits { get; init; } = 17;

    /// <summary>Cost of an error against the size of weights.</summary>
    public double Cost { get; init; } = 4;

    public int Epochs { get; init; } = 15;

    public double Tolerance { get; init; } = 0.02;

    /// <summary>Whether the rows written for this repository are used.</summary>
    public bool Composed { get; init; } = true;
}

/// <summary>What training a head came to.</summary>
internal sealed record HeadTraining(string Name, int Positives, int Negatives, int HeldOut, double HeldOutAuroc, double HeldOutPrecision);

/// <summary>A trained model without thresholds, and how it came about.</summary>
internal sealed record TrainedModel(PromptModelFile File, IReadOnlyList<HeadTraining> Heads, int Rows, int Skipped);

/// <summary>
/// Trains the prompt model. Deterministic: heads are independent, each on one thread in a fixed order, so that the same rows, options and
/// seed give the same bytes on the same kind of machine.
/// </summary>
internal static class PromptTrainer
{
    private const double WeakCost = 0.5;
    private const int Folds = 5;
    private const int MaxWeight = sbyte.MaxValue;

    public static TrainedModel Train(IReadOnlyList<CorpusRow> corpus, TrainingOptions options, Action<string>? progress = null)
    {
        var matrix = new FeatureMatrix();
        var features = new PromptFeatures(options.WordBits, options.CharBits);
        var rows = new List<CorpusRow>(corpus.Count);
        foreach (CorpusRow row in corpus)
        {
            if (matrix.TryAdd(row.Text, features))
            {
                rows.Add(row);
            }
            else if (matrix.Count > rows.Count)
            {
                // A row without a feature keeps its place in the matrix; its labels are not used.
                rows.Add(row with { Positive = new HashSet<string>(), Negative = new HashSet<string>(), Unsafe = -1, Tags = [] });
            }
        }

        progress?.Invoke($"{rows.Count} rows");
        int size = (1 << options.WordBits) + (1 << options.CharBits);
        var heads = new (LinearHead Linear, PromptModelHead Head, HeadTraining Training)[PromptHeads.All.Length];
        Parallel.For(0, heads.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            heads[i] = TrainHead(PromptHeads.All[i], rows, matrix, size, options);
            progress?.Invoke($"{heads[i].Training}");
        });

        var table = new sbyte[size * RowSum.Width];
        var written = new PromptModelHead[heads.Length];
        for (int i = 0; i < heads.Length; i++)
        {
            written[i] = Quantise(heads[i].Linear, heads[i].Head, i, table, 1 << options.WordBits);
        }

        var file = new PromptModelFile { Heads = written, WordBits = options.WordBits, CharBits = options.CharBits, Table = table };
        return new TrainedModel(file, [.. heads.Select(static h => h.Training)], rows.Count, corpus.Count - rows.Count);
    }

    private static (LinearHead Linear, PromptModelHead Head, HeadTraining Training) TrainHead(
        string name, List<CorpusRow> rows, FeatureMatrix matrix, int size, TrainingOptions options)
    {
        var labelled = new List<(int Row, bool Positive, bool Held)>();
        for (int i = 0; i < rows.Count; i++)
        {
            int label = PromptHeads.Label(rows[i], name);
            if (label != 0)
            {
                labelled.Add((i, label > 0, SeededRandom.Of(rows[i].Group) % Folds == 0));
            }
        }

        // A fifth of the groups is held out to calibrate by, from a model that has not seen it; then all rows train the model that ships.
        LinearHead part = Fit(labelled.FindAll(static r => !r.Held), rows, matrix, size, options);
        (double Score, bool Positive)[] held =
        [
            .. labelled.Where(r => r.Held && rows[r.Row].Source != ProfanityRows.Source).Select(r => ((double)part.Score(matrix, r.Row), r.Positive)),
        ];
        (double slope, double intercept) = Calibration.Fit(held);
        LinearHead whole = Fit(labelled, rows, matrix, size, options);
        var training = new HeadTraining(
            name, labelled.Count(static r => r.Positive), labelled.Count(static r => !r.Positive), held.Length,
            ClassificationMetrics.Auroc(held), ClassificationMetrics.AveragePrecision(held));
        var head = new PromptModelHead(name, PromptHeads.UsesWindows(name), (float)slope, (float)intercept, PromptThresholding.None);
        return (whole, head, training);
    }

    private static LinearHead Fit(
        List<(int Row, bool Positive, bool Held)> labelled, List<CorpusRow> rows, FeatureMatrix matrix, int size, TrainingOptions options)
    {
        int positives = labelled.Count(static r => r.Positive);
        double gain = Math.Sqrt(Math.Max(1, labelled.Count - positives) / (double)Math.Max(1, positives));
        LabelledRow[] examples =
        [
            .. labelled.Select(r => new LabelledRow(
                r.Row, r.Positive, (float)(options.Cost * (rows[r.Row].Weak ? WeakCost : 1) * (r.Positive ? gain : 1)))),
        ];
        return LogisticRegression.Train(matrix, examples, size, options.Epochs, options.Tolerance, options.Seed);
    }

    private static PromptModelHead Quantise(LinearHead linear, PromptModelHead head, int column, sbyte[] table, int words)
    {
        float wordScale = Quantise(linear.Weights.AsSpan(0, words), table, column);
        float charScale = Quantise(linear.Weights.AsSpan(words), table.AsSpan(words * RowSum.Width), column);
        return head with { Bias = linear.Bias, WordScale = wordScale, CharScale = charScale };
    }

    private static float Quantise(ReadOnlySpan<float> weights, Span<sbyte> table, int column)
    {
        float largest = 0;
        foreach (float weight in weights)
        {
            largest = Math.Max(largest, Math.Abs(weight));
        }

        float scale = largest > 0 ? largest / MaxWeight : 1;
        for (int i = 0; i < weights.Length; i++)
        {
            table[(i * RowSum.Width) + column] = (sbyte)Math.Clamp(MathF.Round(weights[i] / scale), -MaxWeight, MaxWeight);
        }

        return scale;
    }
}
