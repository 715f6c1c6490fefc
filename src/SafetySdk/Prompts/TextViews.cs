namespace SafetySdk.Prompts;

/// <summary>
/// Finds the stretch of a plain text that reads as no text but would, were its letters turned by thirteen or its direction reversed, and
/// gives the text with that stretch so read. Time is linear in the text.
/// </summary>
internal static class TextViews
{
    private const int MinStretchLetters = 8;
    private const int MinJudgedLetters = 3;
    private const int MinWords = 2;
    private const int KnownWeight = 2;
    private const double MinKnownShare = 0.45;
    private const double MinGain = 0.25;
    private const int MaxPassed = 3;

    /// <summary>How a stretch is read.</summary>
    [Flags]
    private enum Turn
    {
        None = 0,
        Rot13 = 1,
        Reversed = 2,
    }

    /// <summary>Whether the plain text holds a stretch that may be such: a look without work, that never misses any.</summary>
    public static bool IsSuspect(TextScratch scratch)
    {
        (int from, int to) = UnknownStretch(scratch);
        return to > from && Guess(scratch, from, to) != Turn.None;
    }

    /// <summary>Looks for such a stretch and puts the reading of it in place of the plain text of the scratch memory.</summary>
    /// <param name="scratch">Holds the folded text, the plain text and its words.</param>
    /// <param name="reading">How ambiguous signs are read.</param>
    /// <param name="foldWholeTokens">As for <see cref="TokenRewriter"/>.</param>
    /// <param name="disguised">Whether letters were disguised: a code over or under another disguise is then looked for by trying.</param>
    /// <returns>Letters so read; 0 where the text stays as it is.</returns>
    public static int Apply(TextScratch scratch, Reading reading, bool foldWholeTokens, bool disguised)
    {
        (int from, int to) = UnknownStretch(scratch);
        if (to <= from)
        {
            return 0;
        }

        Turn turn = Guess(scratch, from, to);
        if (turn != Turn.None)
        {
            return Apply(scratch, from, to, turn, reading, foldWholeTokens);
        }

        for (turn = Turn.Rot13; disguised && turn <= (Turn.Rot13 | Turn.Reversed); turn++)
        {
            if (Apply(scratch, from, to, turn, reading, foldWholeTokens) is > 0 and int letters)
            {
                return letters;
            }
        }

        return 0;
    }

    private static int Apply(TextScratch scratch, int from, int to, Turn turn, Reading reading, bool foldWholeTokens)
    {
        int start = scratch.Words[from].Start;
        int end = scratch.Words[to - 1].End;
        double before = KnownShare(scratch.Words, from, to);
        MappedText original = scratch.SetAside();
        List<WordMark> words = scratch.WordsAside;
        scratch.Plain.Append(original, 0, start);
        scratch.Words.AddRange(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(words)[..from]);

        // Disguises under the code are found in the folded text, those over it in the plain text; both orders are tried.
        bool found = Read(scratch, scratch.FoldedStretch(original, start, end), turn, before, reading, foldWholeTokens)
            || Read(scratch, Stretch(scratch, original, start, end), turn, before, reading, foldWholeTokens);
        if (!found)
        {
            scratch.TakeBack();
            return 0;
        }

        int written = scratch.Plain.Length - start;
        int shift = scratch.Plain.Length - end;
        scratch.Plain.Append(original, end, original.Length);
        for (int i = to; i < words.Count; i++)
        {
            scratch.Words.Add(words[i] with { Start = words[i].Start + shift, End = words[i].End + shift });
        }

        return written;
    }

    // The stretch of words where unknown letters most outweigh known ones.
    private static (int From, int To) UnknownStretch(TextScratch scratch)
    {
        int best = 0;
        (int From, int To) stretch = (0, 0);
        int sum = 0;
        int from = 0;
        List<WordMark> words = scratch.Words;
        for (int i = 0; i < words.Count; i++)
        {
            int letters = words[i].End - words[i].Start;
            sum += words[i].State switch { WordState.Known => -KnownWeight * letters, WordState.Mended => 0, _ => letters };
            if (sum <= 0)
            {
                (sum, from) = (0, i + 1);
            }
            else if (sum > best)
            {
                (best, stretch) = (sum, (from, i + 1));
            }
        }

        // Short words are known in every direction: those beside the stretch belong to it.
        while (stretch.From > 0 && stretch.To > 0 && MayBelong(words[stretch.From - 1]))
        {
            stretch.From--;
        }

        while (stretch.To > 0 && stretch.To < words.Count && MayBelong(words[stretch.To]))
        {
            stretch.To++;
        }

        return best >= MinStretchLetters && (stretch.To - stretch.From >= MinWords || best >= WordSplitter.MinTogether * 2) ? stretch : (0, 0);
    }

    private static bool MayBelong(WordMark word) => word.State == WordState.Mended || word.End - word.Start <= MaxPassed;

    private static Turn Guess(TextScratch scratch, int from, int to)
    {
        int all = 0;
        Span<int> hits = stackalloc int[4];
        hits.Clear();
        KnownWords known = KnownWords.Embedded;
        Span<char> turned = stackalloc char[KnownWords.MaxLetters];
        ReadOnlySpan<char> text = scratch.Plain.Characters;
        for (int i = from; i < to; i++)
        {
            ReadOnlySpan<char> word = text[scratch.Words[i].Start..scratch.Words[i].End];
            if (word.Length is < MinJudgedLetters or > KnownWords.MaxLetters)
            {
                // A long one may be a whole text without spaces, reversed: worth a try.
                hits[(int)Turn.Reversed] += word.Length > KnownWords.MaxLetters && to - from == 1 ? 1 : 0;
                all += word.Length > KnownWords.MaxLetters ? 1 : 0;
                continue;
            }

            all++;
            for (Turn turn = Turn.Rot13; turn <= (Turn.Rot13 | Turn.Reversed); turn++)
            {
                for (int k = 0; k < word.Length; k++)
                {
                    char letter = (turn & Turn.Reversed) != 0 ? word[^(k + 1)] : word[k];
                    turned[k] = (turn & Turn.Rot13) != 0 ? Rot13(letter) : letter;
                }

                hits[(int)turn] += known.Contains(turned[..word.Length]) || known.CanUnscramble(turned[..word.Length]) ? 1 : 0;
            }
        }

        int best = 1;
        for (int i = 2; i < hits.Length; i++)
        {
            best = hits[i] > hits[best] ? i : best;
        }

        return hits[best] * 3 >= all && (hits[best] >= MinWords || to - from == 1) && hits[best] > 0 ? (Turn)best : Turn.None;
    }

    private static bool Read(
        TextScratch scratch, MappedText stretch, Turn turn, double before, Reading reading, bool foldWholeTokens)
    {
        int plain = scratch.Plain.Length;
        int words = scratch.Words.Count;
        scratch.Turned.Clear();
        if ((turn & Turn.Reversed) != 0)
        {
            Reverse(stretch, scratch.Turned, turn);
        }
        else
        {
            for (int i = 0; i < stretch.Length; i++)
            {
                scratch.Turned.Append(Rot13(stretch.Characters[i]), stretch.Start(i), stretch.End(i));
            }
        }

        new TokenRewriter(scratch.Turned, scratch, reading, foldWholeTokens).Rewrite();
        double after = KnownShare(scratch.Words, words, scratch.Words.Count);
        if (after >= MinKnownShare && after >= before + MinGain)
        {
            if ((turn & Turn.Reversed) != 0)
            {
                AppendWordsReversed(scratch, words);
            }

            return true;
        }

        scratch.Plain.Truncate(plain);
        scratch.Words.RemoveRange(words, scratch.Words.Count - words);
        return false;
    }

    private static void Reverse(MappedText stretch, MappedText output, Turn turn)
    {
        for (int i = stretch.Length - 1; i >= 0; i--)
        {
            char letter = stretch.Characters[i];
            output.Append((turn & Turn.Rot13) != 0 ? Rot13(letter) : letter, stretch.Start(i), stretch.End(i));
        }
    }

    // Or every word was reversed where it stood: the same words in the other order.
    private static void AppendWordsReversed(TextScratch scratch, int word)
    {
        MappedText text = scratch.Plain;
        int last = scratch.Words.Count - 1;
        for (int i = last; i >= word; i--)
        {
            WordMark mark = scratch.Words[i];
            text.Append(i == last ? '\n' : ' ', text.Start(mark.Start), text.Start(mark.Start));
            int start = text.Length;
            text.Append(text, mark.Start, mark.End);
            scratch.Words.Add(mark with { Start = start, End = text.Length });
        }
    }

    private static MappedText Stretch(TextScratch scratch, MappedText text, int start, int end)
    {
        scratch.Part.Clear();
        scratch.Part.Append(text, start, end);
        return scratch.Part;
    }

    private static double KnownShare(List<WordMark> words, int from, int to)
    {
        int known = 0;
        int all = 0;
        for (int i = from; i < to; i++)
        {
            int letters = words[i].End - words[i].Start;
            known += words[i].State != WordState.Unknown ? letters : 0;
            all += letters;
        }

        return all == 0 ? 0 : known / (double)all;
    }

    internal static char Rot13(char letter) => letter switch
    {
        >= 'a' and <= 'z' => (char)('a' + ((letter - 'a' + 13) % 26)),
        >= 'A' and <= 'Z' => (char)('A' + ((letter - 'A' + 13) % 26)),
        _ => letter,
    };
}
