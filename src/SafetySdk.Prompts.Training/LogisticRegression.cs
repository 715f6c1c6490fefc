namespace SafetySdk.Prompts.Training;

/// <summary>Weights of one head.</summary>
internal sealed record LinearHead(float[] Weights, float Bias)
{
    /// <summary>The score of a text.</summary>
    public float Score(FeatureMatrix matrix, int row)
    {
        ReadOnlySpan<int> words = matrix.Words(row);
        ReadOnlySpan<int> characters = matrix.Characters(row);
        return Bias + (FeatureMatrix.Value(words.Length) * Sum(words)) + (FeatureMatrix.Value(characters.Length) * Sum(characters));
    }

    private float Sum(ReadOnlySpan<int> indices)
    {
        float sum = 0;
        foreach (int index in indices)
        {
            sum += Weights[index];
        }

        return sum;
    }
}

/// <summary>A row that a head learns from.</summary>
/// <param name="Row">Row of the matrix.</param>
/// <param name="Positive">Its label.</param>
/// <param name="Cost">How much an error costs.</param>
internal readonly record struct LabelledRow(int Row, bool Positive, float Cost);

/// <summary>
/// L2-regularised logistic regression by dual coordinate descent (Yu, Huang, Lin: Dual coordinate descent methods for logistic regression
/// and maximum entropy models, Machine Learning 85, 2011): one dual variable a row, each solved to the end while the others stand still.
/// One thread and a fixed order: the same rows and seed give the same weights, bit by bit.
/// </summary>
internal static class LogisticRegression
{
    private const int MaxNewtonSteps = 30;
    private const double NewtonTolerance = 1e-6;

    /// <summary>Minimises |w|²/2 + Σ cost log(1 + exp(-y w·x)); the bias is a feature of value 1.</summary>
    /// <param name="matrix">The features.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="features">Number of features.</param>
    /// <param name="epochs">Most passes over the rows.</param>
    /// <param name="tolerance">Ends when no score of a row moved by more in a pass.</param>
    /// <param name="seed">Seed of the order of rows.</param>
    public static LinearHead Train(
        FeatureMatrix matrix, ReadOnlySpan<LabelledRow> rows, int features, int epochs, double tolerance, ulong seed)
    {
        var weights = new float[features];
        double bias = 0;
        var alphas = new double[rows.Length];
        var order = new int[rows.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        var random = new SeededRandom(seed);
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            double largest = 0;
            foreach (int i in order)
            {
                LabelledRow row = rows[i];
                ReadOnlySpan<int> words = matrix.Words(row.Row);
                ReadOnlySpan<int> characters = matrix.Characters(row.Row);
                float wordValue = FeatureMatrix.Value(words.Length);
                float charValue = FeatureMatrix.Value(characters.Length);
                double score = bias + (wordValue * Sum(weights, words)) + (charValue * Sum(weights, characters));
                double sign = row.Positive ? 1 : -1;
                double norm = 1 + (words.IsEmpty ? 0 : 1) + (characters.IsEmpty ? 0 : 1);
                double next = Solve(norm, sign * score, alphas[i], row.Cost);
                double step = sign * (next - alphas[i]);
                largest = Math.Max(largest, Math.Abs(step) * norm);
                alphas[i] = next;
                bias += step;
                Move(weights, words, (float)(step * wordValue));
                Move(weights, characters, (float)(step * charValue));
            }

            if (largest < tolerance)
            {
                break;
            }
        }

        return new LinearHead(weights, (float)bias);
    }

    /// <summary>
    /// The dual variable a in (0, cost) with norm (a - old) + margin + log(a / (cost - a)) = 0, by Newton steps on its log-odds, where the
    /// left side rises everywhere; a step that leaves the bracket halves it.
    /// </summary>
    private static double Solve(double norm, double margin, double old, double cost)
    {
        double low = -margin - (norm * (cost - old));
        double high = -margin + (norm * old);
        double z = old > 0 && old < cost ? Math.Clamp(Math.Log(old / (cost - old)), low, high) : (low + high) / 2;
        for (int step = 0; step < MaxNewtonSteps; step++)
        {
            double share = 1 / (1 + Math.Exp(-z));
            double value = (norm * ((cost * share) - old)) + margin + z;
            if (Math.Abs(value) < NewtonTolerance)
            {
                break;
            }

            if (value > 0)
            {
                high = z;
            }
            else
            {
                low = z;
            }

            double next = z - (value / (1 + (norm * cost * share * (1 - share))));
            z = next > low && next < high ? next : (low + high) / 2;
        }

        return cost / (1 + Math.Exp(-z));
    }

    private static float Sum(float[] weights, ReadOnlySpan<int> indices)
    {
        // Four sums, so that no addition waits for the one before it; the order is fixed all the same.
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 3 < indices.Length; i += 4)
        {
            a += weights[indices[i]];
            b += weights[indices[i + 1]];
            c += weights[indices[i + 2]];
            d += weights[indices[i + 3]];
        }

        for (; i < indices.Length; i++)
        {
            a += weights[indices[i]];
        }

        return a + b + (c + d);
    }

    private static void Move(float[] weights, ReadOnlySpan<int> indices, float step)
    {
        foreach (int index in indices)
        {
            weights[index] += step;
        }
    }
}
