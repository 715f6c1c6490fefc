namespace SafetySdk.Prompts.Training;

/// <summary>
/// Turns scores into probabilities by a logistic function of two numbers (Platt 1999, with the targets and the safe Newton method of Lin,
/// Lin, Weng 2007).
/// </summary>
internal static class Calibration
{
    private const int MaxSteps = 100;
    private const double MinSlope = 1e-3;

    /// <summary>Slope and intercept of the log-odds.</summary>
    public static (double Slope, double Intercept) Fit(ReadOnlySpan<(double Score, bool Positive)> rows)
    {
        int positives = 0;
        foreach ((_, bool positive) in rows)
        {
            positives += positive ? 1 : 0;
        }

        double high = (positives + 1.0) / (positives + 2.0);
        double low = 1.0 / (rows.Length - positives + 2.0);
        double slope = 1;
        double intercept = Math.Log((positives + 1.0) / (rows.Length - positives + 1.0));
        double loss = Loss(rows, slope, intercept, high, low);
        for (int step = 0; step < MaxSteps; step++)
        {
            double g1 = 0;
            double g2 = 0;
            double h11 = 1e-9;
            double h22 = 1e-9;
            double h12 = 0;
            foreach ((double score, bool positive) in rows)
            {
                double p = 1 / (1 + Math.Exp(-((slope * score) + intercept)));
                double error = p - (positive ? high : low);
                double weight = p * (1 - p);
                g1 += score * error;
                g2 += error;
                h11 += score * score * weight;
                h12 += score * weight;
                h22 += weight;
            }

            if (Math.Abs(g1) < 1e-7 && Math.Abs(g2) < 1e-7)
            {
                break;
            }

            double determinant = (h11 * h22) - (h12 * h12);
            double d1 = -((h22 * g1) - (h12 * g2)) / determinant;
            double d2 = -((h11 * g2) - (h12 * g1)) / determinant;
            double size = 1;
            for (; size > 1e-8; size /= 2)
            {
                double tried = Loss(rows, slope + (size * d1), intercept + (size * d2), high, low);
                if (tried < loss)
                {
                    slope += size * d1;
                    intercept += size * d2;
                    loss = tried;
                    break;
                }
            }

            if (size <= 1e-8)
            {
                break;
            }
        }

        return (Math.Max(slope, MinSlope), intercept);
    }

    private static double Loss(ReadOnlySpan<(double Score, bool Positive)> rows, double slope, double intercept, double high, double low)
    {
        double loss = 0;
        foreach ((double score, bool positive) in rows)
        {
            double z = (slope * score) + intercept;
            double target = positive ? high : low;
            loss += z >= 0 ? ((1 - target) * z) + Math.Log(1 + Math.Exp(-z)) : (-target * z) + Math.Log(1 + Math.Exp(z));
        }

        return loss;
    }
}
