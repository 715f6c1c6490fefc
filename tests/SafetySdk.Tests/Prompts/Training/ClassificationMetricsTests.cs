using SafetySdk.Prompts.Training;

namespace SafetySdk.Tests.Prompts.Training;

/// <summary>Every expected value is worked out by hand.</summary>
public sealed class ClassificationMetricsTests
{
    // Of the six pairs of a positive (0.9, 0.6) and a negative (0.8, 0.6, 0.1), four are in order and one is tied.
    private static readonly (double Score, bool Positive)[] Rows = [(0.9, true), (0.8, false), (0.6, true), (0.6, false), (0.1, false)];

    [Fact]
    public void Auroc_counts_pairs_and_ties_half() => Assert.Equal(4.5 / 6, ClassificationMetrics.Auroc(Rows), 12);

    // Recall rises by a half at precision 1/1, and by a half at the tie, where two of four are right.
    [Fact]
    public void Average_precision_takes_ties_together() => Assert.Equal((0.5 * 1) + (0.5 * 2 / 4), ClassificationMetrics.AveragePrecision(Rows), 12);

    [Fact]
    public void One_class_alone_has_no_value()
    {
        Assert.True(double.IsNaN(ClassificationMetrics.Auroc([(1, true)])));
        Assert.True(double.IsNaN(ClassificationMetrics.AveragePrecision([(1, false)])));
    }

    // Wilson: 8 of 10 gives (0.8 + z²/20 ± z sqrt(0.016 + z²/400)) / (1 + z²/10) = 0.490 to 0.943.
    [Fact]
    public void Shares_have_the_interval_of_Wilson()
    {
        Estimate share = ClassificationMetrics.Share(8, 10);
        Assert.Equal(0.8, share.Value, 12);
        Assert.Equal(0.4902, share.Low, 4);
        Assert.Equal(0.9433, share.High, 4);
        Assert.Equal(0, ClassificationMetrics.Share(0, 10).Low, 12);
        Assert.Equal(0.2775, ClassificationMetrics.Share(0, 10).High, 4);
        Assert.True(double.IsNaN(ClassificationMetrics.Share(0, 0).Value));
    }

    [Fact]
    public void Resampled_intervals_hold_the_value_and_repeat()
    {
        (double Score, bool Positive)[] rows = [.. Enumerable.Range(0, 200).Select(static i => ((i * 37 % 101) + (i % 2 * 25.0), i % 2 == 1))];
        Estimate first = ClassificationMetrics.Bootstrap(rows, static r => ClassificationMetrics.Auroc(r), 5);
        Assert.InRange(first.Value, first.Low, first.High);
        Assert.InRange(first.High - first.Low, 0.05, 0.3);
        Assert.Equal(first, ClassificationMetrics.Bootstrap(rows, static r => ClassificationMetrics.Auroc(r), 5));
        Assert.NotEqual(first, ClassificationMetrics.Bootstrap(rows, static r => ClassificationMetrics.Auroc(r), 6));
    }

    // At score 0 a quarter is positive, at score 1 three quarters: log-odds -ln 3 and ln 3, so slope 2 ln 3 and intercept -ln 3.
    [Fact]
    public void Calibration_finds_the_log_odds()
    {
        (double Score, bool Positive)[] rows = [.. Enumerable.Range(0, 40_000).Select(static i => (i % 2 == 0 ? 0.0 : 1.0, (i / 2 % 4) < (i % 2 == 0 ? 1 : 3)))];
        (double slope, double intercept) = Calibration.Fit(rows);
        Assert.Equal(2 * Math.Log(3), slope, 2);
        Assert.Equal(-Math.Log(3), intercept, 2);
    }
}
