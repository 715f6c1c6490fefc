using System.Security.Cryptography;
using SafetySdk.Classification;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Learned;

namespace SafetySdk.Tests.Prompts.Learned;

public sealed class LearnedPromptModelTests
{
    [Fact]
    public void The_embedded_model_loads_and_has_every_head()
    {
        LearnedPromptModel model = LearnedPromptModel.Embedded;
        Assert.Equal(16, model.Heads.Count);
        Assert.Contains(model.Heads, static h => h.Name == "unsafe");
        Assert.Equal(12, model.Version.Length);
        Assert.All(model.Heads, static h => Assert.All(h.Thresholds.Values, static t => Assert.True(t.Review <= t.Block)));
    }

    [Fact]
    public void A_file_is_read_as_it_was_written()
    {
        byte[] file = SampleModel.Bytes();
        var model = LearnedPromptModel.Read(file);
        Assert.Equal(["sexual", "unsafe"], model.Heads.Select(static h => h.Name));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.AsSpan(0, file.Length - 32)))[..12], model.Version);
        Assert.Equal(0.5f, model.Heads[1].Intercept);
    }

    [Fact]
    public void A_file_changed_or_cut_anywhere_is_refused()
    {
        byte[] file = SampleModel.Bytes();
        var random = new Random(3);
        for (int i = 0; i < 300; i++)
        {
            byte[] changed = [.. file];
            changed[i < 100 ? i : random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Equal(ModelError.Damaged, Assert.Throws<ModelException>(() => LearnedPromptModel.Read(changed)).Error);
        }

        foreach (int length in (int[])[0, 7, 8, 47, 100, file.Length - 1])
        {
            Assert.Equal(ModelError.Damaged, Assert.Throws<ModelException>(() => LearnedPromptModel.Read(file.AsSpan(0, length))).Error);
        }
    }

    [Theory]
    [InlineData("\"word_bits\":8", "\"word_bits\":9")]
    [InlineData("\"word_bits\":8", "\"word_bits\":7")]
    [InlineData("\"word_bits\":8", "\"word_bits\":0")]
    [InlineData("\"name\":\"sexual\"", "\"name\":\"sexuak\"")]
    [InlineData("\"name\":\"sexual\"", "\"name\":\"unsafe\"")]
    [InlineData("\"slope\":1", "\"slope\":0")]
    [InlineData("\"slope\":1", "\"slopf\":1")]
    [InlineData("\"review\":1", "\"review\":9")]
    [InlineData("{\"word_bits\"", "[\"word_bits\"")]
    public void A_file_that_contradicts_itself_is_refused_though_its_digest_fits(string from, string to)
    {
        byte[] file = SampleModel.Bytes();
        byte[] old = System.Text.Encoding.ASCII.GetBytes(from);
        int at = file.AsSpan().IndexOf(old);
        Assert.True(at > 0);
        System.Text.Encoding.ASCII.GetBytes(to).CopyTo(file, at);
        SHA256.HashData(file.AsSpan(0, file.Length - 32), file.AsSpan(file.Length - 32));
        Assert.Equal(ModelError.Mismatch, Assert.Throws<ModelException>(() => LearnedPromptModel.Read(file)).Error);
    }

    [Fact]
    public void The_score_is_the_sum_of_the_rows_by_block()
    {
        var model = LearnedPromptModel.Read(SampleModel.Bytes());
        string text = "the quick brown fox";
        var features = new PromptFeatures(8, 8);
        features.Load(text);
        features.Collect(0, 4);
        double words = features.WordRows.ToArray().Sum(r => (double)SampleModel.Value(r, 0)) / Math.Sqrt(features.WordCount);
        double characters = features.CharRows.ToArray().Sum(r => (double)SampleModel.Value(r, 0)) / Math.Sqrt(features.CharCount);
        var scores = new float[2];
        model.Score(text, scores);
        Assert.Equal(SampleModel.Bias + (0.25 * words) + (0.125 * characters), scores[0], 3);
    }

    [Fact]
    public void A_long_text_counts_by_its_strongest_window_where_the_head_says_so()
    {
        var model = LearnedPromptModel.Read(SampleModel.Bytes());
        string[] words = [.. Enumerable.Range(0, 200).Select(static i => $"w{i * 7919 % 1000}")];
        var scores = new float[2];
        model.Score(string.Join(' ', words), scores);
        float best = float.MinValue;
        var part = new float[2];
        foreach (int first in Enumerable.Range(0, 12).Select(static i => Math.Min(i * 15, 170)))
        {
            model.Score(string.Join(' ', words, first, 30), part);
            best = Math.Max(best, part[0]);
        }

        Assert.Equal(best, scores[0], 3);
        Assert.NotEqual(best, scores[1], 3);
    }

    [Fact]
    public void Text_that_cannot_be_judged_is_refused()
    {
        LearnedPromptModel model = LearnedPromptModel.Embedded;
        var scores = new float[16];
        Assert.Equal(PromptError.Empty, Assert.Throws<PromptException>(() => model.Score(string.Empty, scores)).Error);
        Assert.Equal(PromptError.TooLong, Assert.Throws<PromptException>(() => model.Score(new string('a', 10 << 20), scores)).Error);
        Assert.Equal(PromptError.InvalidEncoding, Assert.Throws<PromptException>(() => model.Score("a\uD800b", scores)).Error);
        Assert.Throws<ArgumentException>(() => model.Score("a", new float[15]));
    }

    [Theory]
    [InlineData("...")]
    [InlineData("\u0301\u0301\u0301")]
    [InlineData("a")]
    [InlineData("\u202Eabc \u0627\u0628")]
    public void Odd_text_has_finite_scores(string text)
    {
        var scores = new float[16];
        LearnedPromptModel.Embedded.Score(text, scores);
        Assert.All(scores, static s => Assert.True(float.IsFinite(s)));
    }

    [Fact]
    public void The_longest_text_of_one_character_is_judged()
    {
        var scores = new float[16];
        LearnedPromptModel.Embedded.Score(new string('a', PromptLimits.MaxCharacters), scores);
        LearnedPromptModel.Embedded.Score(string.Concat(Enumerable.Repeat("a ", PromptLimits.MaxCharacters / 2)), scores);
        Assert.All(scores, static s => Assert.True(float.IsFinite(s)));
    }

    [Fact]
    public void Scoring_normalised_text_allocates_nothing()
    {
        LearnedPromptModel model = LearnedPromptModel.Embedded;
        string text = string.Join(' ', Enumerable.Range(0, 300).Select(static i => $"word{i}"));
        var scores = new float[16];
        var windows = new int[16];
        Assert.Equal(0, SteadyState.LeastAllocated(() => model.Score(text, scores, windows, out _)));
    }

    [Fact]
    public async Task Threads_do_not_disturb_one_another()
    {
        LearnedPromptModel model = LearnedPromptModel.Embedded;
        string[] texts = [.. Enumerable.Range(0, 50).Select(static i => string.Join(' ', Enumerable.Range(i, 3 * i).Select(static k => $"t{k}")) + " end")];
        float[][] alone = [.. texts.Select(t => Scores(model, t))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.Equal(alone[i], Scores(model, texts[i]));
            }
        })));
    }

    private static float[] Scores(LearnedPromptModel model, string text)
    {
        var scores = new float[16];
        model.Score(text, scores);
        return scores;
    }
}
