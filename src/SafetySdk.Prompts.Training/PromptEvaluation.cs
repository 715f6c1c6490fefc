using SafetySdk.Classification;
using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>One measured figure.</summary>
/// <param name="Group">What is measured: one table of the report.</param>
/// <param name="Name">Of which rows.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Value">Its value and interval.</param>
internal sealed record Figure(string Group, string Name, string Measure, Estimate Value);

/// <summary>Measures a model on the development split.</summary>
internal static class PromptEvaluation
{
    private const ulong Seed = 7;
    private const string Together = "Rules and model together: a signal of harm at 0.5 or above";

    /// <summary>Scores every row that can be judged.</summary>
    public static List<ScoredRow> Score(LearnedPromptModel model, IEnumerable<CorpusRow> rows)
    {
        var scored = new List<ScoredRow>();
        foreach (CorpusRow row in rows)
        {
            var scores = new float[model.Heads.Count];
            try
            {
                model.Score(row.Text, scores);
            }
            catch (PromptException)
            {
                continue;
            }

            scored.Add(new ScoredRow(row, scores));
        }

        return scored;
    }

    /// <summary>Every figure.</summary>
    public static List<Figure> Measure(LearnedPromptModel model, IReadOnlyList<ScoredRow> rows, PromptSurface surface)
    {
        var heads = new Operating(model, surface);
        var figures = new List<Figure>();
        foreach (string source in (string[])["partiprompts", "coco_captions", "clinc150", "mt_bench", "awesome_chatgpt_prompts", "xquad_questions",
            "cyberseceval_frr", "cyberseceval_frr_ml", "cyberseceval_instruct", "cold_zh", "davidson"])
        {
            Share("False alarms: harmless rows stopped", source, rows.Where(r => r.Row.Source == source && r.Row.Unsafe == 0));
        }

        foreach (string source in (string[])["strongreject", "ailuminate_en", "ailuminate_fr", "catqa_en", "catqa_zh", "cyberseceval_mitre",
            "inthewild_jailbreak", "cyberseceval_pi", "cyberseceval_pi_ml", "composed_policy"])
        {
            Share("Recall: harmful rows stopped", source, rows.Where(r => r.Row.Source == source && r.Row.Unsafe == 1));
        }

        Share("Recall: harmful rows stopped", "strongreject + ailuminate_en",
            rows.Where(r => r.Row.Source is "strongreject" or "ailuminate_en" && r.Row.Unsafe == 1));
        Share("Recall: harmful rows stopped", "cyberseceval_pi + cyberseceval_pi_ml", rows.Where(r => r.Row.Source is "cyberseceval_pi" or "cyberseceval_pi_ml"));
        ScoredRow[] twins = [.. rows.Where(static r => r.Row.Source == "xstest")];
        Share("XSTest", "safe prompts stopped", twins.Where(static r => r.Row.Unsafe == 0));
        Share("XSTest", "unsafe prompts stopped", twins.Where(static r => r.Row.Unsafe == 1));
        Curve("XSTest", "safe against unsafe", [.. twins.Select(r => (heads.Margin(r), r.Row.Unsafe == 1))], precision: false);
        Curve("XSTest", "safe against unsafe, head of harm alone", [.. twins.Select(r => (heads.Score(r, PromptHeads.Unsafe), r.Row.Unsafe == 1))], precision: false);
        string[] six = ["sexual", "hate", "harassment", "violence", "graphic_violence", "self_harm"];
        ScoredRow[] posts = [.. rows.Where(static r => r.Row.Source == "openai_moderation")];
        Curve("OpenAI moderation", "any of six", [.. posts.Select(r => (six.Max(c => heads.Probability(r, c)), six.Any(c => r.Row.Positive.Contains(c))))]);
        foreach (string category in six)
        {
            Curve("OpenAI moderation", category, Labelled(posts, category));
        }

        Curve("HateCheck", "hate", Labelled(rows.Where(static r => r.Row.Source == "hatecheck"), "hate"), precision: false);
        Curve("HatemojiCheck", "hate", Labelled(rows.Where(static r => r.Row.Source == "hatemoji_check"), "hate"), precision: false);
        foreach (string category in PromptHeads.Categories)
        {
            Curve("All of the development split, by category", category, Labelled(rows, category));
        }

        foreach (string intent in PromptHeads.Intents)
        {
            Share("Intents", $"{intent}: recall", rows.Where(r => r.Row.Tags.Contains("intent:" + intent)), r => heads.Fires(r, intent));
            Share("Intents", $"{intent}: contrast twins fired", rows.Where(r => r.Row.Tags.Contains("contrast:" + intent)), r => heads.Fires(r, intent));
        }

        foreach (IGrouping<string, ScoredRow> language in rows.Where(static r => r.Row.Unsafe == 0 && r.Row.Form is "chat" or "t2i" or "vision_chat")
            .Where(static r => r.Row.Unsafe == 0 && r.Row.Source != "xstest").GroupBy(static r => r.Row.Language).OrderBy(static g => g.Key, StringComparer.Ordinal))
        {
            Share("False alarms by language (prompts)", language.Key, language);
        }

        var together = new Dictionary<CorpusRow, bool>(ReferenceEqualityComparer.Instance);
        IPromptClassifier[] classifiers = [new RulePromptClassifier(), new LearnedPromptClassifier(model, surface)];
        foreach (string source in (string[])["partiprompts", "coco_captions", "clinc150", "mt_bench"])
        {
            Share(Together, source, rows.Where(r => r.Row.Source == source && r.Row.Unsafe == 0), Seen);
        }

        Share(Together, "strongreject + ailuminate_en", rows.Where(r => r.Row.Source is "strongreject" or "ailuminate_en" && r.Row.Unsafe == 1), Seen);
        Share(Together, "inthewild_jailbreak", rows.Where(r => r.Row.Source == "inthewild_jailbreak"), Seen);
        Share(Together, "cyberseceval_pi + cyberseceval_pi_ml", rows.Where(r => r.Row.Source is "cyberseceval_pi" or "cyberseceval_pi_ml"), Seen);
        Share(Together, "XSTest safe", twins.Where(static r => r.Row.Unsafe == 0), Seen);
        Share(Together, "XSTest unsafe", twins.Where(static r => r.Row.Unsafe == 1), Seen);
        return figures;

        bool Seen(ScoredRow row)
        {
            if (!together.TryGetValue(row.Row, out bool seen))
            {
                seen = classifiers.Any(c => c.Classify(row.Row.Text, TextOrigin.Prompt).Any(static s => s.Score >= LearnedPromptClassifier.BlockScore && IsHarm(s.Category)));
                together[row.Row] = seen;
            }

            return seen;
        }

        void Share(string group, string name, IEnumerable<ScoredRow> chosen, Func<ScoredRow, bool>? fires = null)
        {
            ScoredRow[] all = [.. chosen];
            figures.Add(new Figure(group, name, "share", ClassificationMetrics.Share(all.Count(fires ?? heads.Stops), all.Length)));
        }

        void Curve(string group, string name, (double Score, bool Positive)[] scored, bool precision = true)
        {
            if (precision)
            {
                figures.Add(new Figure(group, name, "AUPRC", ClassificationMetrics.Bootstrap(scored, static r => ClassificationMetrics.AveragePrecision(r), Seed)));
            }

            figures.Add(new Figure(group, name, "AUROC", ClassificationMetrics.Bootstrap(scored, static r => ClassificationMetrics.Auroc(r), Seed)));
        }

        (double Score, bool Positive)[] Labelled(IEnumerable<ScoredRow> chosen, string category)
            => [.. chosen.Where(r => PromptHeads.Label(r.Row, category) != 0).Select(r => (heads.Score(r, category), r.Row.Positive.Contains(category)))];
    }

    // Intents and names ask for a policy's decision, not for harm.
    private static bool IsHarm(SafetyCategory category)
        => category is (>= SafetyCategory.SexualMinors and <= SafetyCategory.Jailbreak) or SafetyCategory.DeceptiveDocument;

    /// <summary>The heads of a model at the thresholds of a surface.</summary>
    private sealed class Operating(LearnedPromptModel model, PromptSurface surface)
    {
        private readonly string[] _names = [.. model.Heads.Select(static h => h.Name)];
        private readonly float[] _block = [.. model.Heads.Select(h => h.Thresholds[surface].Block)];

        public double Score(ScoredRow row, string head) => row.Scores[Array.IndexOf(_names, head)];

        public double Probability(ScoredRow row, string head)
        {
            int i = Array.IndexOf(_names, head);
            return model.Heads[i].Probability(row.Scores[i]);
        }

        public bool Fires(ScoredRow row, string head)
        {
            int i = Array.IndexOf(_names, head);
            return row.Scores[i] >= _block[i];
        }

        public bool Stops(ScoredRow row) => Margin(row) >= 0;

        /// <summary>How far the head that is surest is above its threshold, intents left out.</summary>
        public double Margin(ScoredRow row)
        {
            double margin = double.NegativeInfinity;
            for (int i = 0; i < _names.Length; i++)
            {
                if (!PromptHeads.Intents.Contains(_names[i]))
                {
                    margin = Math.Max(margin, row.Scores[i] - _block[i]);
                }
            }

            return margin;
        }
    }
}
