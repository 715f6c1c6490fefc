namespace SafetySdk.Prompts;

/// <summary>How ambiguous signs are read.</summary>
internal enum Reading
{
    /// <summary>The likelier letter; a letter held down counts once.</summary>
    First,

    /// <summary>The other letter; a letter held down counts twice; emoji are slang; letters that stood apart stay together.</summary>
    Second,

    /// <summary>Every digit is a letter, also where it stands alone or at the end of a word; 1 is i.</summary>
    AllDigits,

    /// <summary>As the first, but letters that stood apart stay one word, as a name may be that the known words lack.</summary>
    Together,
}

/// <summary>
/// Undoes the ways of hiding words: compatibility letters, invisible characters, look-alikes of other scripts, digits for letters,
/// split letters, letters held down, neighbouring letters swapped, words written together, emoji, base64, hexadecimal, percent code,
/// character numbers, binary, letters turned by thirteen, reversed text. Time and memory are linear in the text. Thread-safe.
/// Not undone: Morse code, ASCII art, other ciphers.
/// </summary>
internal static class TextNormaliser
{
    /// <summary>How often decoded text is decoded again.</summary>
    public const int MaxDecodeDepth = 3;

    /// <summary>Most plain characters for one of the text as given.</summary>
    public const int MaxGrowth = 2 * (EmojiWords.MaxLetters + 2);

    /// <summary>Makes the text plain.</summary>
    /// <param name="text">The text.</param>
    /// <param name="reading">How ambiguous signs are read.</param>
    /// <returns>The plain text; dispose of it, once.</returns>
    /// <exception cref="PromptException">The text is empty, too long or holds a lone surrogate.</exception>
    public static NormalisedText Normalise(string text, Reading reading = Reading.First)
    {
        PromptText.Check(text);
        TextScratch scratch = TextScratch.Rent();
        if (reading == Reading.First && PlainAscii.TryNormalise(text, scratch))
        {
            return scratch.Result.Hold(obfuscation: 0, rewritten: 0, ambiguous: false, digitsForLetters: false);
        }

        return NormaliseAll(text, reading, scratch);
    }

    /// <summary>Makes a text plain that may hide something.</summary>
    internal static NormalisedText NormaliseAll(string text, Reading reading, TextScratch scratch)
    {
        var pass = new FoldPass(scratch.Hidden) { Output = scratch.Folded };
        pass.Fold(text, fixedSpan: null, reading == Reading.Second);
        pass.AppendHidden();
        int decoded = 0;
        for (int depth = 0; depth < MaxDecodeDepth && EncodedText.MayHold(scratch.Folded.Characters); depth++)
        {
            int found = Decode(scratch, ref pass, reading);
            decoded += found;
            if (found == 0)
            {
                break;
            }
        }

        var rewriter = new TokenRewriter(scratch.Folded, scratch, reading, pass.FoldWholeTokens);
        rewriter.Rewrite();
        int turned = TextViews.Apply(scratch, reading, pass.FoldWholeTokens, pass.Disguised + rewriter.Disguised > 0);
        int rewritten = pass.Disguised + decoded + rewriter.Disguised + turned;
        double obfuscation = Math.Min(1.0, rewritten / (double)Math.Max(1, rewriter.Letters));
        return scratch.Result.Hold(obfuscation, rewritten, rewriter.IsAmbiguous || pass.HasSlang, rewriter.HasDigitsForLetters);
    }

    // One more layer of codes; gives the number of characters decoded.
    private static int Decode(TextScratch scratch, ref FoldPass pass, Reading reading)
    {
        MappedText input = scratch.Folded;
        MappedText output = scratch.Spare;
        output.Clear();
        pass.Output = output;
        var encoded = new EncodedText(scratch);
        ReadOnlySpan<char> text = input.Characters;
        int found = 0;
        int copied = 0;
        for (int at = 0; at < text.Length;)
        {
            if (!encoded.Decode(text, at, out int length, out ReadOnlySpan<char> decoded))
            {
                at++;
                continue;
            }

            output.Append(input, copied, at);
            int before = output.Length;
            pass.Fold(decoded, input.Source(at, at + length), reading == Reading.Second);
            found += output.Length - before;
            at += length;
            copied = at;
        }

        if (found == 0)
        {
            pass.Output = input;
            return 0;
        }

        output.Append(input, copied, text.Length);
        pass.AppendHidden();
        scratch.SwapFolded();
        return found;
    }
}
