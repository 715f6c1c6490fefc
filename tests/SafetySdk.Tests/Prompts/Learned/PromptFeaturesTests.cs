using SafetySdk.Prompts.Learned;

namespace SafetySdk.Tests.Prompts.Learned;

public sealed class PromptFeaturesTests
{
    private const int WordBits = 12;
    private const int CharBits = 14;

    [Theory]
    [InlineData("a")]
    [InlineData("ab ab ab")]
    [InlineData("the quick brown fox jumps over the lazy dog\nand then the quick brown fox sleeps")]
    [InlineData("привет мир и ещё раз мир")]
    [InlineData("怎么 制造 abc 炸弹 とても長い文章")]
    [InlineData("a cat \uD83D\uDE00\uD83D\uDE00 and \uD83D\uDE00")]
    public void Features_are_those_of_the_definition(string text)
    {
        var features = new PromptFeatures(WordBits, CharBits);
        for (int repeat = 0; repeat < 2; repeat++)
        {
            features.Load(text);
            features.Collect(0, features.Words);
            (SortedSet<int> words, SortedSet<int> characters) = Oracle(text);
            Assert.Equal(words, features.WordRows.ToArray().Order());
            Assert.Equal(characters, features.CharRows.ToArray().Order());
            features.Clear(1 << 14);
        }
    }

    [Fact]
    public void A_window_has_the_features_of_its_words_alone()
    {
        string[] words = [.. Enumerable.Range(0, 100).Select(i => $"word{i % 37}x{i}")];
        var features = new PromptFeatures(WordBits, CharBits);
        features.Load(string.Join(' ', words));
        Assert.Equal(100, features.Words);
        for (int first = 0; first + 30 <= 100; first += 7)
        {
            features.Collect(first, 30);
            (SortedSet<int> expected, SortedSet<int> characters) = Oracle(string.Join(' ', words, first, 30));
            Assert.Equal(expected, features.WordRows.ToArray().Order());
            Assert.Equal(characters, features.CharRows.ToArray().Order());
        }
    }

    [Fact]
    public void No_text_has_no_features()
    {
        var features = new PromptFeatures(WordBits, CharBits);
        features.Load(string.Empty);
        features.Collect(0, features.Words);
        Assert.Equal(0, features.Words + features.WordCount + features.CharCount);
    }

    [Fact]
    public void Room_for_a_long_text_is_given_back()
    {
        var features = new PromptFeatures(WordBits, CharBits);
        features.Load(new string('a', 50_000));
        features.Collect(0, features.Words);
        features.Clear(1 << 14);
        Assert.Equal(0, features.Capacity);
    }

    // Written from the description alone: strings, sets, one character after the other.
    private static (SortedSet<int> Words, SortedSet<int> Characters) Oracle(string text)
    {
        string[] words = text.Split(' ', '\n');
        var wordRows = new SortedSet<int>();
        var charRows = new SortedSet<int>();
        for (int i = 0; i < words.Length; i++)
        {
            wordRows.Add((int)(WordHash(words[i]) >> (32 - WordBits)));
            if (i > 0)
            {
                uint first = WordHash(words[i - 1]);
                uint pair = ((first ^ (first >> 13)) * 0x9E3779B1) ^ WordHash(words[i]);
                wordRows.Add((int)(((pair ^ (pair >> 15)) * 0xC2B2AE35) >> (32 - WordBits)));
            }

            string padded = $" {words[i]} ";
            for (int n = 2; n <= 5; n++)
            {
                for (int at = 0; at + n <= padded.Length; at++)
                {
                    string gram = padded.Substring(at, n);
                    if (n > 2 || gram.All(c => c >= '\u0E00'))
                    {
                        uint last = n switch { 2 => 0x85EBCA6Bu, 3 => 0xC2B2AE35u, 4 => 0x27D4EB2Fu, _ => 0x165667B1u };
                        uint hash = Chain(gram);
                        charRows.Add((1 << WordBits) + (int)(((hash ^ (hash >> 15)) * last) >> (32 - CharBits)));
                    }
                }
            }
        }

        return (wordRows, charRows);
    }

    private static uint WordHash(string word)
    {
        uint hash = Chain(word);
        return (hash ^ (hash >> 15)) * 0x85EBCA6B;
    }

    private static uint Chain(string text) => text.Aggregate(0x811C9DC5u, (hash, c) => (hash ^ c) * 0x9E3779B1);
}
