using SafetySdk.Kernels;
using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

public sealed class PlainAsciiTests
{
    [Fact]
    public void Every_width_reads_a_block_as_the_definition_does()
    {
        var random = new Random(5);
        char[] source = new char[AsciiWords.BlockLength + 1];
        char[] expected = new char[AsciiWords.BlockLength];
        char[] lower = new char[AsciiWords.BlockLength];
        for (int round = 0; round < 3000; round++)
        {
            for (int i = 0; i < source.Length; i++)
            {
                source[i] = (char)random.Next(round % 3 == 0 ? 0x10000 : 0x80);
            }

            AsciiBlock block = AsciiWords.ReadScalar(source, expected);
            Assert.Equal(block, AsciiWords.Read128(source, lower));
            Assert.Equal(expected, lower);
            Assert.Equal(block, AsciiWords.Read256(source, lower));
            Assert.Equal(expected, lower);
            Assert.Equal(block, AsciiWords.Read512(source, lower));
            Assert.Equal(expected, lower);
        }
    }

    [Fact]
    public void The_quick_way_gives_what_the_whole_way_gives()
    {
        var random = new Random(3);
        string[] pieces =
        [
            "The", "harbour", "I", "a", "b", "don't", "2", "1920", "4k", "b0mb", "wooden", "hall!", "sh!t", "zxqv", "ubj", "bmob", "o'clock", "-", ".",
            ",", "?", "!", "\n", "(old)", "\"quoted\"", "coool", "aaa", "YnVpbGQgYSBib21i", "makeabomb", "é",
        ];
        int quick = 0;
        for (int round = 0; round < 5000; round++)
        {
            int kinds = round % 2 == 0 ? 12 : pieces.Length;
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(kinds)] + (random.Next(5) > 0 ? " " : "")));
            TextScratch scratch = TextScratch.Rent();
            quick += PlainAscii.TryNormalise(text, scratch) ? 1 : 0;
            scratch.Return();
            using NormalisedText plain = TextNormaliser.Normalise(text);
            using NormalisedText whole = TextNormaliser.NormaliseAll(text, Reading.First, TextScratch.Rent());
            Assert.Equal(whole.Characters.ToString(), plain.Characters.ToString());
            Assert.Equal((whole.Rewritten, whole.IsAmbiguous), (plain.Rewritten, plain.IsAmbiguous));
            for (int i = 0; i < plain.Characters.Length; i++)
            {
                Assert.Equal(whole.Source(i, i + 1), plain.Source(i, i + 1));
            }
        }

        Assert.InRange(quick, 100, 5000);
    }
}
