namespace SafetySdk.Prompts.Training;

/// <summary>A measured value and where it may truly lie, with 95 % confidence.</summary>
internal readonly record struct Estimate(double Value, double Low, double High, int Rows);

/// <summary>Measures of how well scores tell two classes apart.</summary>
internal static class ClassificationMetrics
{
    private const double Normal95 = 1.959963984540054;
    private const int Resamples = 500;

    /// <summary>
    /// Area under the ROC curve: the share of pairs of a positive and a negative in which the positive scores higher, ties half.
    /// NaN without both classes.
    /// </summary>
    public static double Auroc(ReadOnlySpan<(double Score, bool Positive)> rows)
    {
        (double Score, bool Positive)[] sorted = Sorted(rows);
        double positives = 0;
        double negatives = 0;
        double pairs = 0;
        for (int i = 0; i < sorted.Length;)
        {
            int tied = i;
            double tiedPositives = 0;
            for (; tied < sorted.Length && sorted[tied].Score == sorted[i].Score; tied++)
            {
                tiedPositives += sorted[tied].Positive ? 1 : 0;
            }

            double tiedNegatives = tied - i - tiedPositives;
            pairs += tiedNegatives * (positives + (tiedPositives / 2));
            positives += tiedPositives;
            negatives += tiedNegatives;
            i = tied;
        }

        return pairs / (positives * negatives);
    }

    /// <summary>
    /// Area under the precision-recall curve as average precision: Σ (recall - recall before) precision, from the highest score down, rows
    /// of one score together. NaN without a positive.
    /// </summary>
    public static double AveragePrecision(ReadOnlySpan<(double Score, bool Positive)> rows)
    {
        (double Score, bool Positive)[] sorted = Sorted(rows);
        int all = sorted.Count(static r => r.Positive);
        int found = 0;
        double area = 0;
        for (int i = 0; i < sorted.Length;)
        {
            int before = found;
            int tied = i;
            for (; tied < sorted.Length && sorted[tied].Score == sorted[i].Score; tied++)
            {
                found += sorted[tied].Positive ? 1 : 0;
            }

            area += (found - before) * (found / (double)tied);
            i = tied;
        }

        return area / all;
    }

    /// <summary>The share of hits with the interval of Wilson (1927).</summary>
    public static Estimate Share(int hits, int rows)
    {
        if (rows == 0)
        {
            return new Estimate(double.NaN, double.NaN, double.NaN, 0);
        }

        double share = hits / (double)rows;
        const double Square = Normal95 * Normal95;
        double middle = (share + (Square / (2 * rows))) / (1 + (Square / rows));
        double half = Normal95 / (1 + (Square / rows)) * Math.Sqrt((share * (1 - share) / rows) + (Square / (4.0 * rows * rows)));
        return new Estimate(share, Math.Max(0, middle - half), Math.Min(1, middle + half), rows);
    }

    /// <summary>A measure with the percentile interval of 500 resamples of the rows.</summary>
    public static Estimate Bootstrap(
        ReadOnlySpan<(double Score, bool Positive)> rows, Func<(double Score, bool Positive)[], double> measure, ulong seed)
    {
        (double Score, bool Positive)[] all = rows.ToArray();
        double value = measure(all);
        var random = new SeededRandom(seed);
        var values = new List<double>(Resamples);
        var sample = new (double Score, bool Positive)[all.Length];
        for (int i = 0; i < Resamples; i++)
        {
            for (int k = 0; k < sample.Length; k++)
            {
                sample[k] = all[random.Next(all.Length)];
            }

            double resampled = measure(sample);
            if (!double.IsNaN(resampled))
            {
                values.Add(resampled);
            }
        }

        values.Sort();
        return values.Count == 0
            ? new Estimate(value, double.NaN, double.NaN, all.Length)
            : new Estimate(value, values[(int)(0.025 * values.Count)], values[Math.Min(values.Count - 1, (int)(0.975 * values.Count))], all.Length);
    }

    private static (double Score, bool Positive)[] Sorted(ReadOnlySpan<(double Score, bool Positive)> rows)
    {
        (double Score, bool Positive)[] sorted = rows.ToArray();
        Array.Sort(sorted, static (a, b) => b.Score.CompareTo(a.Score));
        return sorted;
    }
}
