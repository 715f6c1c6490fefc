using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>A text with its scores, one a head.</summary>
internal sealed record ScoredRow(CorpusRow Row, float[] Scores);

/// <summary>Sets thresholds by harmless rows of the development split, and by those alone.</summary>
internal static class PromptThresholding
{
    /// <summary>Share of harmless texts that the head of harm as a whole may stop; a category gets a tenth of it, override attempts half.</summary>
    public const double MaxBlockRate = 0.01;

    /// <summary>Share of harmless texts that the head of an intent may report.</summary>
    public const double IntentRate = 0.005;

    /// <summary>Share of harmless texts that all heads together may stop.</summary>
    public const double MaxUnionRate = 0.01;

    /// <summary>The same for every source of some size alone.</summary>
    public const double MaxSourceRate = 0.007;

    /// <summary>Share of harmless texts that the head of harm as a whole may hand to a person; others as above.</summary>
    public const double MaxReviewRate = 0.02;

    // Nine to one: an intent is a second opinion beside the rules.
    private const float IntentLogOdds = 2.2f;
    private const int MinSourceRows = 300;

    // The head of harm as a whole tells requests better than any kind does, so it gets most of what may be stopped by mistake.
    private const double JailbreakShare = 0.5;
    private const double CategoryShare = 0.1;
    private const int Steps = 20;
    private const int TailRows = 20;

    // Made to look harmful, or harmful texts' own twins: a threshold set by them would let everything through.
    private static readonly string[] Adversarial =
        ["xstest", "hatecheck", "hatemoji_check", "openai_moderation", "composed_policy", "composed_intents"];

    /// <summary>Thresholds that nothing reaches, for a model that has none yet.</summary>
    public static IReadOnlyDictionary<PromptSurface, PromptThresholds> None { get; } =
        Enum.GetValues<PromptSurface>().ToDictionary(static s => s, static _ => new PromptThresholds(float.MaxValue, float.MaxValue));

    /// <summary>Whether a row may set thresholds on a surface.</summary>
    public static bool Counts(CorpusRow row, PromptSurface surface)
        => row.Unsafe == 0 && !Adversarial.Contains(row.Source) && surface switch
        {
            PromptSurface.ImagePrompt => row.Form == "t2i",
            PromptSurface.VisionChat => row.Form is "chat" or "vision_chat",
            PromptSurface.Post => row.Form is "post" or "prose",
            _ => row.Form is "t2i" or "chat" or "vision_chat",
        };

    /// <summary>The heads with thresholds for every surface.</summary>
    public static List<PromptModelHead> Set(IReadOnlyList<PromptModelHead> heads, IReadOnlyList<ScoredRow> development)
    {
        var all = new Dictionary<PromptSurface, PromptThresholds>[heads.Count];
        foreach (PromptSurface surface in Enum.GetValues<PromptSurface>())
        {
            ScoredRow[] rows = [.. development.Where(r => Counts(r.Row, surface))];
            float[][] sorted = [.. heads.Select((_, i) => Descending(rows, i))];
            double rate = BlockRate(heads, rows, sorted);
            for (int i = 0; i < heads.Count; i++)
            {
                bool intent = PromptHeads.Intents.Contains(heads[i].Name);
                float block = At(sorted[i], intent ? IntentRate : rate * Share(heads[i].Name));
                float review = Math.Min(block, At(sorted[i], intent ? 2 * IntentRate : MaxReviewRate * Share(heads[i].Name)));
                if (intent)
                {
                    // Harmless rows at large hold no twin of an intent and few requests to edit a picture; the rows that calibrate hold twins.
                    block = Math.Max(block, ScoreOf(heads[i], IntentLogOdds));
                    review = Math.Max(review, ScoreOf(heads[i], 0));
                }

                (all[i] ??= [])[surface] = new PromptThresholds(review, block);
            }
        }

        return [.. heads.Select((h, i) => h with { Thresholds = all[i] })];
    }

    // The largest rate a head at which neither all rows nor a larger source is stopped more often than may be.
    private static double BlockRate(IReadOnlyList<PromptModelHead> heads, ScoredRow[] rows, float[][] sorted)
    {
        double low = 0;
        double high = MaxBlockRate;
        for (int step = 0; step < Steps; step++)
        {
            double rate = step == 0 ? high : (low + high) / 2;
            float[] thresholds = [.. sorted.Select((s, i) => At(s, rate * Share(heads[i].Name)))];
            bool fits = (rows.Length == 0 || Stopped(heads, rows, thresholds) <= MaxUnionRate)
                && rows.GroupBy(static r => r.Row.Source).Where(static g => g.Count() >= MinSourceRows)
                    .All(g => Stopped(heads, g, thresholds) <= MaxSourceRate);
            if (fits)
            {
                low = rate;
            }
            else
            {
                high = rate;
            }

            if (step == 0 && fits)
            {
                break;
            }
        }

        return low;
    }

    // The score whose calibrated log-odds are these.
    private static float ScoreOf(PromptModelHead head, float logOdds) => (logOdds - head.Intercept) / head.Slope;

    private static double Share(string head) => head switch
    {
        PromptHeads.Unsafe => 1,
        "jailbreak" => JailbreakShare,
        _ => CategoryShare,
    };

    private static double Stopped(IReadOnlyList<PromptModelHead> heads, IEnumerable<ScoredRow> rows, float[] thresholds)
        => rows.Average(r => Enumerable.Range(0, heads.Count).Any(i => !PromptHeads.Intents.Contains(heads[i].Name) && r.Scores[i] >= thresholds[i])
            ? 1.0
            : 0.0);

    private static float[] Descending(ScoredRow[] rows, int head)
    {
        float[] scores = [.. rows.Select(r => r.Scores[head])];
        Array.Sort(scores, static (a, b) => b.CompareTo(a));
        return scores;
    }

    // The score that this share of the rows reaches: between two rows in proportion; beyond the last row by the slope of the rows before it.
    private static float At(float[] descending, double rate)
    {
        if (descending.Length < TailRows)
        {
            return descending.Length == 0 ? float.MaxValue : descending[0] + 1;
        }

        double place = rate * descending.Length;
        if (place < 1)
        {
            // Tails of scores fall off exponentially: their mean excess over the last of a few rows is the scale.
            float last = descending[TailRows - 1];
            double excess = descending.Take(TailRows - 1).Average(s => (double)(s - last));
            return Math.Max(descending[0] + 1e-3f, (float)(last + (excess * Math.Log(TailRows / Math.Max(place, 0.05)))));
        }

        int before = Math.Min((int)place, descending.Length - 1);
        double part = place - before;
        float upper = descending[before - 1];
        return float.BitIncrement((float)(upper + ((descending[before] - upper) * part)));
    }
}
