using System.Numerics;
using SafetySdk.Kernels;

namespace SafetySdk.Prompts;

/// <summary>
/// The way through the normaliser for text in which nothing is hidden: ASCII words, known or not, and ordinary punctuation. What it gives is
/// what the whole way gives; where that is in doubt it gives up.
/// </summary>
internal static class PlainAscii
{
    private const int MaxDigits = 11;
    private const int LongWord = 16;

    /// <summary>Writes the plain text and its words to the scratch memory, if there is nothing to undo.</summary>
    /// <returns>Whether it did; the plain text of the scratch memory is empty otherwise.</returns>
    public static bool TryNormalise(ReadOnlySpan<char> text, TextScratch scratch)
    {
        int blocks = (text.Length + AsciiWords.BlockLength - 1) / AsciiWords.BlockLength;
        Span<ulong> words = scratch.Masks(blocks + 1);
        scratch.Letters(blocks * AsciiWords.BlockLength, out Span<char> lower, out _, out _);
        if (!IsPlain(text, lower, words) || !Write(text, lower, words, scratch) || TextViews.IsSuspect(scratch))
        {
            scratch.Plain.Clear();
            scratch.Words.Clear();
            return false;
        }

        return true;
    }

    private static bool IsPlain(ReadOnlySpan<char> text, Span<char> lower, Span<ulong> words)
    {
        Span<char> padded = stackalloc char[AsciiWords.BlockLength + 1];
        words[^1] = 0;
        ulong letters = 0;
        ulong digits = 0;
        ulong repeats = 0;
        ulong exclamations = 0;
        int allDigits = 0;
        int blocks = words.Length - 1;
        for (int i = 0; i <= blocks; i++)
        {
            AsciiBlock block = default;
            if (i < blocks)
            {
                int at = i * AsciiWords.BlockLength;
                scoped ReadOnlySpan<char> source = text[at..];
                if (source.Length <= AsciiWords.BlockLength)
                {
                    padded.Fill(' ');
                    source.CopyTo(padded);
                    source = padded;
                }

                block = AsciiWords.Read(source, lower[at..]);
                if (block.Quiet != ulong.MaxValue)
                {
                    return false;
                }
            }

            words[i] = block.Letters | block.Digits;
            allDigits += BitOperations.PopCount(block.Digits);
            if (i > 0)
            {
                // The block before, with this one behind it.
                ulong both = letters | digits;
                ulong next = words[i];
                ulong before = i > 1 ? words[i - 2] >> 63 : 0;
                ulong alone = both & ~Later(both, next, 1) & ~((both << 1) | before);
                ulong nextAlone = next & ~(next >> 1) & ~((next << 1) | (both >> 63));
                ulong mixed = (letters & Later(digits, block.Digits, 1)) | (digits & Later(letters, block.Letters, 1));
                ulong sign = exclamations & Later(letters, block.Letters, 1);
                ulong held = repeats & Later(repeats, block.Repeats, 1);
                if ((mixed | sign | held | Split(alone, nextAlone, 2) | Split(alone, nextAlone, 3) | Split(alone, nextAlone, 4) | Long(both, next)) != 0)
                {
                    return false;
                }
            }

            (letters, digits, repeats, exclamations) = (block.Letters, block.Digits, block.Repeats, block.Exclamations);
        }

        return allDigits <= MaxDigits;
    }

    // The mask some units later; next is the mask of the block behind.
    private static ulong Later(ulong mask, ulong next, int units) => (mask >> units) | (next << (64 - units));

    // Three characters that stand alone with the same distance between them.
    private static ulong Split(ulong alone, ulong next, int distance) => alone & Later(alone, next, distance) & Later(alone, next, 2 * distance);

    private static ulong Long(ulong words, ulong next)
    {
        // A run that begins in the first block is judged with 64 more units, which is enough.
        ulong first = words;
        ulong second = next;
        for (int units = 1; units < LongWord; units *= 2)
        {
            first &= Later(first, second, units);
            second &= second >> units;
        }

        return first;
    }

    private static bool Write(ReadOnlySpan<char> text, ReadOnlySpan<char> lower, ReadOnlySpan<ulong> words, TextScratch scratch)
    {
        MappedText output = scratch.Plain;
        KnownWords known = KnownWords.Embedded;
        int last = 0;
        for (int start = Next(words, 0, text.Length, set: true); start < text.Length;)
        {
            if (output.Length > 0)
            {
                output.Append(EndsSentence(text, last, start) ? '\n' : ' ', last, start);
            }

            int from = output.Length;
            int end;
            while (true)
            {
                end = Next(words, start, text.Length, set: false);
                lower[start..end].CopyTo(output.AppendRun(end - start, start));
                if (end + 1 >= text.Length || text[end] != '\'' || !char.IsAsciiLetterOrDigit(text[end + 1]))
                {
                    break;
                }

                start = end + 1;
            }

            ReadOnlySpan<char> word = output.Characters[from..];
            bool isKnown = known.Contains(word);
            if (!isKnown && !char.IsAsciiDigit(word[0])
                && (known.CanUnscramble(word)
                    || (word.Length >= WordSplitter.MinTogether && WordSplitter.Split(word, false, scratch.WordEnds(word.Length), scratch, out _) > 1)))
            {
                return false;
            }

            scratch.Words.Add(new WordMark(from, output.Length, isKnown || char.IsAsciiDigit(word[0]) ? WordState.Known : WordState.Unknown));
            last = end;
            start = Next(words, end, text.Length, set: true);
        }

        return true;
    }

    private static bool EndsSentence(ReadOnlySpan<char> text, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            if (text[i] == '\n' || (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))))
            {
                return true;
            }
        }

        return false;
    }

    private static int Next(ReadOnlySpan<ulong> mask, int at, int end, bool set)
    {
        int block = at >> 6;
        ulong bits = (set ? mask[block] : ~mask[block]) & (ulong.MaxValue << (at & 63));
        while (bits == 0)
        {
            if (++block >= mask.Length)
            {
                return end;
            }

            bits = set ? mask[block] : ~mask[block];
        }

        return Math.Min((block << 6) + BitOperations.TrailingZeroCount(bits), end);
    }
}
