using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>Text made plain: lower-case letters and digits, words split by one space, sentences by one line feed.</summary>
internal sealed class NormalisedText : IDisposable
{
    private readonly MappedText _text;
    private TextScratch? _scratch;

    internal NormalisedText(TextScratch scratch, double obfuscation, int rewritten, bool ambiguous, bool digitsForLetters)
    {
        _scratch = scratch;
        _text = scratch.Plain;
        Obfuscation = obfuscation;
        Rewritten = rewritten;
        IsAmbiguous = ambiguous;
        HasDigitsForLetters = digitsForLetters;
    }

    /// <summary>The plain characters. Valid until disposed.</summary>
    public ReadOnlySpan<char> Characters => _text.Characters;

    /// <summary>1 for characters that stood apart, as in <c>b.o.m.b</c>: word bounds say little there.</summary>
    public ReadOnlySpan<byte> Joined => _text.Joined;

    /// <summary>Share of the letters that were disguised, 0 to 1.</summary>
    public double Obfuscation { get; }

    /// <summary>Number of disguised letters.</summary>
    public int Rewritten { get; }

    /// <summary>Whether a sign could be read in two ways, so that <see cref="Reading.Second"/> differs.</summary>
    public bool IsAmbiguous { get; }

    /// <summary>Whether so many words hold digits for letters that <see cref="Reading.AllDigits"/> is worth a look.</summary>
    public bool HasDigitsForLetters { get; }

    /// <summary>Where the plain characters from start to end (exclusive) stand in the text as given.</summary>
    public TextSpan Source(int start, int end) => _text.Source(start, end);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => Interlocked.Exchange(ref _scratch, null)?.Return();
}
