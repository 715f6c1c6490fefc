using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>Text made plain: lower-case letters and digits, words split by one space, sentences by one line feed.</summary>
internal sealed class NormalisedText : IDisposable
{
    private readonly TextScratch _scratch;
    private int _held;

    internal NormalisedText(TextScratch scratch) => _scratch = scratch;

    /// <summary>The plain characters. Valid until disposed.</summary>
    public ReadOnlySpan<char> Characters => _scratch.Plain.Characters;

    /// <summary>1 for characters that stood apart, as in <c>b.o.m.b</c>: word bounds say little there.</summary>
    public ReadOnlySpan<byte> Joined => _scratch.Plain.Joined;

    /// <summary>Share of the letters that were disguised, 0 to 1.</summary>
    public double Obfuscation { get; private set; }

    /// <summary>Number of disguised letters.</summary>
    public int Rewritten { get; private set; }

    /// <summary>Whether a sign could be read in two ways, so that <see cref="Reading.Second"/> differs.</summary>
    public bool IsAmbiguous { get; private set; }

    /// <summary>Whether so many words hold digits for letters that <see cref="Reading.AllDigits"/> is worth a look.</summary>
    public bool HasDigitsForLetters { get; private set; }

    /// <summary>Whether letters that stood apart were made into several words, so that <see cref="Reading.Together"/> differs.</summary>
    public bool IsSplit => _scratch.IsSplit;

    /// <summary>Where the plain characters from start to end (exclusive) stand in the text as given.</summary>
    public TextSpan Source(int start, int end) => _scratch.Plain.Source(start, end);

    /// <summary>Gives the memory back; a second time does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _held, 0) == 1)
        {
            _scratch.Return();
        }
    }

    internal NormalisedText Hold(double obfuscation, int rewritten, bool ambiguous, bool digitsForLetters)
    {
        (Obfuscation, Rewritten, IsAmbiguous, HasDigitsForLetters) = (obfuscation, rewritten, ambiguous, digitsForLetters);
        _held = 1;
        return this;
    }
}
