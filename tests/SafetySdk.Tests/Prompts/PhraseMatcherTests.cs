using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

public sealed class PhraseMatcherTests
{
    [Theory]
    [InlineData("he said she hers", "he@0 she@8 hers@12")]
    [InlineData("hex shed", "")]
    [InlineData("他是谁啊", "是谁@1")]
    [InlineData("a bombastic bomber bomb", "bomb@2 bomb@12 bomb@19")]
    [InlineData("make a bomb", "make a bomb@0 bomb@7")]
    [InlineData("rohrbombe", "bombe@4")]
    [InlineData("画 he的", "he@2")]
    public void Whole_words_are_found(string text, string expected)
    {
        var builder = new PhraseMatcher.Builder();
        var phrases = new Dictionary<int, string>();
        foreach (string phrase in new[] { "he", "she", "hers", "是谁", "bomb*", "make a bomb", "*bombe" })
        {
            phrases[builder.Add(phrase.Trim('*'), phrase[0] == '*', phrase[^1] == '*')] = phrase.Trim('*');
        }

        Assert.Equal(expected, Found(builder.Build(), phrases, text));
    }

    [Fact]
    public void It_finds_what_a_search_for_each_phrase_finds()
    {
        string[] words = ["a", "ab", "aba", "b ab", "ab a", "ba", "abab"];
        var builder = new PhraseMatcher.Builder();
        foreach (string word in words)
        {
            builder.Add(word, openStart: true, openEnd: true);
        }

        PhraseMatcher matcher = builder.Build();
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            string text = string.Concat(Enumerable.Range(0, 30).Select(_ => "ab c"[random.Next(4)]));
            var hits = new List<PhraseHit>();
            matcher.Match(text, new byte[text.Length], hits);
            List<(int, int)> expected = [];
            for (int w = 0; w < words.Length; w++)
            {
                for (int at = 0; at < text.Length; at++)
                {
                    if (text.AsSpan(at).StartsWith(words[w], StringComparison.Ordinal))
                    {
                        expected.Add((w, at));
                    }
                }
            }

            Assert.Equal(expected.Order(), hits.Select(h => (h.Phrase, h.Start)).Order());
        }
    }

    [Fact]
    public void Joined_letters_need_no_word_bounds()
    {
        var builder = new PhraseMatcher.Builder();
        builder.Add("bomb", openStart: false, openEnd: false);
        PhraseMatcher matcher = builder.Build();
        var hits = new List<PhraseHit>();

        matcher.Match("makeabombnow", new byte[12], hits);
        Assert.Empty(hits);
        byte[] joined = new byte[12];
        joined.AsSpan().Fill(1);
        matcher.Match("makeabombnow", joined, hits);
        Assert.Equal(new PhraseHit(0, 5, 9), Assert.Single(hits));
    }

    private static string Found(PhraseMatcher matcher, Dictionary<int, string> phrases, string text)
    {
        var hits = new List<PhraseHit>();
        matcher.Match(text, new byte[text.Length], hits);
        return string.Join(' ', hits.OrderBy(h => h.Start).ThenByDescending(h => h.End).Select(h => $"{phrases[h.Phrase]}@{h.Start}"));
    }
}
