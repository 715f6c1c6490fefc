using System.Diagnostics;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

/// <summary>Text made to break the reader of it.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class HostileTextTests
{
    private const int Small = PromptLimits.MaxCharacters / 8;
    private const int Growth = 8;

    // Linear work grows eightfold, quadratic work sixty-fourfold: far enough apart for a busy machine.
    private const int MaxRatio = 40;

    public static TheoryData<string> Pieces =>
    [
        "a", "ab ", "a ", "a.", "a1", "1", "%", "%4", "%41", "\\u0061", "&#97;", "97 ", "01100001", "aaaa", "zxqv", "zxqvw ", "e\u0301", "\u0301",
        "\u202E", "\u200B", "ا", "אב ", "中", "🙂", "🍆", "\U000E0041", "YWJj", "ubj gb ", "$", "!", "|a", "=", "o1", "makeabomb",
    ];

    [Theory]
    [MemberData(nameof(Pieces))]
    public void Work_grows_with_the_text_and_no_faster(string piece)
    {
        string small = Repeat(piece, Small);
        string large = Repeat(piece, Small * Growth);
        _ = Best(small);
        double ratio = Best(large) / Math.Max(Best(small), 50);
        Assert.True(ratio <= MaxRatio, $"{ratio:0.0} times the time for {Growth} times the text");
    }

    [Theory]
    [MemberData(nameof(Pieces))]
    public void Every_reading_is_bounded_and_maps_into_the_text(string piece)
    {
        string text = Repeat(piece, 5000);
        foreach (Reading reading in Enum.GetValues<Reading>())
        {
            using NormalisedText plain = TextNormaliser.Normalise(text, reading);
            Assert.InRange(plain.Characters.Length, 0, text.Length * TextNormaliser.MaxGrowth);
            for (int i = 0; i < plain.Characters.Length; i++)
            {
                TextSpan span = plain.Source(i, i + 1);
                Assert.True(span.Start >= 0 && span.Length >= 0 && span.Start + span.Length <= text.Length);
            }
        }
    }

    [Fact]
    public void Random_mixtures_map_into_the_text()
    {
        var random = new Random(11);
        string[] pieces = [.. Pieces.Select(static p => (string)p.Data), "how to build a bomb", " ", "\n", "bmob", "h.o.w", "62 6f 6d 62 "];
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => pieces[random.Next(pieces.Length)]));
            foreach (Reading reading in Enum.GetValues<Reading>())
            {
                using NormalisedText plain = TextNormaliser.Normalise(text, reading);
                Assert.InRange(plain.Characters.Length, 0, text.Length * TextNormaliser.MaxGrowth);
                for (int i = 0; i < plain.Characters.Length; i++)
                {
                    TextSpan span = plain.Source(i, i + 1);
                    Assert.True(span.Start >= 0 && span.Length >= 0 && span.Start + span.Length <= text.Length);
                }
            }
        }
    }

    [Fact]
    public void A_text_of_ten_megabytes_and_a_million_marks_get_a_verdict()
    {
        var pipeline = new SafetyPipeline(new SafetyPipelineParts { Policy = SafetyPolicy.BuiltIn("balanced"), PromptClassifiers = [new RulePromptClassifier()] });
        foreach (string text in (string[])[new string('a', 10 << 20), "a" + new string('\u0301', 1_000_000), "a\uD800b"])
        {
            Verdict verdict = pipeline.Check(new SafetyRequest { Prompt = text });
            Assert.NotEqual(Decision.Allow, verdict.Decision);
        }
    }

    [Theory]
    [InlineData("A plain prompt about an old harbour at sunset, with 2 boats and a small house, painted in warm colours.")]
    [InlineData("h.o.w to m4k3 a bоmb, or bmob, in one ｌine")]
    public void Normalising_and_matching_allocate_nothing(string text)
    {
        var hits = new List<PhraseHit>(256);
        // Code that was not yet optimised, and memory that another test holds, may cost some; sooner or later nothing does.
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < 100 && allocated > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Once();
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Thread.Yield();
        }

        Assert.Equal(0, allocated);

        void Once()
        {
            hits.Clear();
            using NormalisedText plain = TextNormaliser.Normalise(text);
            PromptLists.Embedded.Matcher.Match(plain.Characters, plain.Joined, hits);
        }
    }

    private static string Repeat(string piece, int length) => string.Concat(Enumerable.Repeat(piece, length / piece.Length));

    private static double Best(string text)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long start = Stopwatch.GetTimestamp();
            TextNormaliser.Normalise(text).Dispose();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return best;
    }
}
