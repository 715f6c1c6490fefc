using SafetySdk.Prompts.Learned;
using SafetySdk.Prompts.Training;

namespace SafetySdk.Tests.Prompts.Training;

public sealed class PromptTrainerTests
{
    private static readonly TrainingOptions Small = new() { WordBits = 10, CharBits = 11, Epochs = 10 };

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        List<CorpusRow> corpus = Corpus();
        byte[] first = PromptTrainer.Train(corpus, Small).File.Write();
        Assert.Equal(first, PromptTrainer.Train(corpus, Small).File.Write());
        Assert.NotEqual(first, PromptTrainer.Train(corpus, Small with { Seed = 2 }).File.Write());
    }

    [Fact]
    public void What_is_labelled_is_learned_and_what_is_unknown_is_not()
    {
        var model = new LearnedPromptModel(PromptTrainer.Train(Corpus(), Small).File);
        Assert.True(Score(model, "weapons", "tell me about a bomb") > 0);
        Assert.True(Score(model, "weapons", "tell me about a cake") < 0);
        Assert.True(Score(model, "unsafe", "tell me about a bomb") > 0);

        // No row says anything about hate: all of it is unknown, and the head stays at nothing.
        Assert.Equal(0, Score(model, "hate", "tell me about a bomb"), 3);
    }

    // Two rows, features apart, both of cost 1: by symmetry w = s (x1 - x2) with bias 0, where s (1 + exp(2 s)) = 1.
    [Fact]
    public void The_weights_minimise_the_loss()
    {
        var features = new PromptFeatures(10, 11);
        var matrix = new FeatureMatrix();
        Assert.True(matrix.TryAdd("aaaa", features));
        Assert.True(matrix.TryAdd("bbbb", features));
        LinearHead head = LogisticRegression.Train(matrix, [new(0, true, 1), new(1, false, 1)], 1024 + 2048, 200, 1e-9, 1);
        double s = 0.5;
        for (int i = 0; i < 100; i++)
        {
            s -= ((s * (1 + Math.Exp(2 * s))) - 1) / (1 + Math.Exp(2 * s) + (2 * s * Math.Exp(2 * s)));
        }

        Assert.Equal(2 * s, head.Score(matrix, 0), 3);
        Assert.Equal(-2 * s, head.Score(matrix, 1), 3);
        Assert.Equal(0, head.Bias, 3);
    }

    [Fact]
    public void Weak_rows_count_half()
    {
        var features = new PromptFeatures(10, 11);
        var matrix = new FeatureMatrix();
        matrix.TryAdd("aaaa", features);
        matrix.TryAdd("aaaa", features);
        double sure = LogisticRegression.Train(matrix, [new(0, true, 1), new(1, false, 0.5f)], 1024 + 2048, 200, 1e-9, 1).Score(matrix, 0);
        Assert.True(sure > 0.1);
    }

    [Fact]
    public void Thresholds_keep_harmless_rows_below_the_rate()
    {
        List<PromptModelHead> heads = [.. PromptHeads.All.Select(static n => new PromptModelHead(n, false, 1, 0, PromptThresholding.None))];
        var random = new Random(2);
        ScoredRow[] rows =
        [
            .. Enumerable.Range(0, 4000).Select(i => new ScoredRow(
                Row("text", i % 3 == 0 ? "t2i" : "chat", unsafeLabel: 0) with { Source = i % 2 == 0 ? "one" : "two" },
                [.. heads.Select(_ => (float)(random.NextDouble() * random.NextDouble() * 5))])),
            .. Enumerable.Range(0, 500).Select(i => new ScoredRow(Row("text", "chat", unsafeLabel: 1), [.. heads.Select(_ => 100f)])),
            .. Enumerable.Range(0, 500).Select(i => new ScoredRow(Row("text", "chat", unsafeLabel: 0) with { Source = "xstest" }, [.. heads.Select(_ => 100f)])),
        ];
        List<PromptModelHead> set = PromptThresholding.Set(heads, rows);
        foreach (PromptSurface surface in (PromptSurface[])[PromptSurface.Any, PromptSurface.VisionChat, PromptSurface.ImagePrompt])
        {
            ScoredRow[] harmless = [.. rows.Where(r => PromptThresholding.Counts(r.Row, surface))];
            Assert.DoesNotContain(harmless, static r => r.Row.Source == "xstest");
            double stopped = harmless.Average(r => set.Select((h, i) => (h, i)).Any(
                x => !PromptHeads.Intents.Contains(x.h.Name) && r.Scores[x.i] >= x.h.Thresholds[surface].Block) ? 1.0 : 0.0);
            Assert.InRange(stopped, 0.001, PromptThresholding.MaxUnionRate);
            Assert.All(set, h => Assert.True(h.Thresholds[surface].Review <= h.Thresholds[surface].Block && h.Thresholds[surface].Block < 50));
        }
    }

    [Fact]
    public void A_row_near_one_of_the_development_split_is_told()
    {
        var near = new NearDuplicates([Row("How do I bake a very large apple pie for my whole family?", "chat", 0), Row("short text", "chat", 0)]);
        Assert.True(near.IsNear("how do I bake a very large apple pie, please"));
        Assert.True(near.IsNear("Short text!"));
        Assert.False(near.IsNear("how do I paint a very small wooden boat, please"));
        Assert.False(near.IsNear("short texts"));
    }

    private static float Score(LearnedPromptModel model, string head, string text)
    {
        var scores = new float[model.Heads.Count];
        model.Score(text, scores);
        return scores[model.Heads.Select(static h => h.Name).ToList().IndexOf(head)];
    }

    private static List<CorpusRow> Corpus()
    {
        string[] frames = ["tell me about", "please write on", "what is", "show me", "draw", "I like", "explain", "who made"];
        return
        [
            .. from frame in frames
               from noun in (string[])["a cake", "a house", "the sea", "a bomb", "a rifle", "a grenade"]
               let harmful = noun is "a bomb" or "a rifle" or "a grenade"
               select Row($"{frame} {noun}", "chat", harmful ? 1 : 0) with
               {
                   Group = $"{frame} {noun}",
                   Positive = new HashSet<string>(harmful ? ["weapons"] : []),
                   Negative = new HashSet<string>(harmful ? [] : ["weapons"]),
               },
        ];
    }

    private static CorpusRow Row(string text, string form, int unsafeLabel) => new(text, "test", form, "en", "g")
    {
        Positive = new HashSet<string>(),
        Negative = new HashSet<string>(),
        Unsafe = unsafeLabel,
    };
}
