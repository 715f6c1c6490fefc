namespace SafetySdk.Prompts;

/// <summary>What is known of a word of normalised text.</summary>
internal enum WordState : byte
{
    /// <summary>It is none of the known words.</summary>
    Unknown,

    /// <summary>It became a known word, by swapping letters back or by splitting.</summary>
    Mended,

    /// <summary>It is a known word, or one of a script that the known words lack.</summary>
    Known,
}

/// <summary>A word of normalised text.</summary>
/// <param name="Start">First character.</param>
/// <param name="End">One past the last.</param>
/// <param name="State">What is known of it.</param>
internal readonly record struct WordMark(int Start, int End, WordState State);

/// <summary>
/// The memory that one normalisation works in, kept for the next one. What a user wrote is cleared before it is kept. Not thread-safe.
/// </summary>
internal sealed class TextScratch
{
    private const int Kept = 16;
    private const int MaxKeptCharacters = 1 << 16;
    private static readonly TextScratch?[] Pool = new TextScratch?[Kept];

    private MappedText _aside = new(16);
    private char[] _letters = [];
    private int[] _first = [];
    private int[] _last = [];
    private char[] _decoded = [];
    private ulong[] _masks = [];
    private int[] _ends = [];
    private float[] _costs = [];
    private int[] _from = [];
    private int _lettersUsed;
    private int _decodedUsed;

    private TextScratch() => Result = new NormalisedText(this);

    /// <summary>What the memory holds in the end; it lives as long as the memory, so that a text costs no allocation.</summary>
    public NormalisedText Result { get; }

    /// <summary>Text as it was folded, and as it was decoded.</summary>
    public MappedText Folded { get; private set; } = new(256);

    public MappedText Spare { get; private set; } = new(256);

    /// <summary>Plain text.</summary>
    public MappedText Plain { get; private set; } = new(256);

    /// <summary>Characters hidden in tags.</summary>
    public MappedText Hidden { get; } = new(16);

    public List<WordMark> Words { get; private set; } = [];

    /// <summary>The words of the plain text that was set aside.</summary>
    public List<WordMark> WordsAside { get; private set; } = [];

    /// <summary>A stretch of text, and the same read in another way.</summary>
    public MappedText Part { get; } = new(16);

    public MappedText Turned { get; } = new(16);

    /// <summary>Whether letters that stood apart were made into several words.</summary>
    public bool IsSplit { get; set; }

    public static TextScratch Rent()
    {
        for (int i = 0; i < Pool.Length; i++)
        {
            if (Pool[i] is not null && Interlocked.Exchange(ref Pool[i], null) is { } kept)
            {
                return kept;
            }
        }

        return new TextScratch();
    }

    public void Return()
    {
        bool large = Folded.Capacity + Spare.Capacity + Plain.Capacity > MaxKeptCharacters;
        _letters.AsSpan(0, _lettersUsed).Clear();
        _decoded.AsSpan(0, _decodedUsed).Clear();
        (_lettersUsed, _decodedUsed) = (0, 0);
        foreach (MappedText text in (ReadOnlySpan<MappedText>)[Folded, Spare, Plain, _aside, Hidden, Part, Turned])
        {
            text.Clear();
            if (large)
            {
                text.Release();
            }
        }

        IsSplit = false;
        Words.Clear();
        WordsAside.Clear();
        if (large)
        {
            return;
        }

        for (int i = 0; i < Pool.Length; i++)
        {
            if (Pool[i] is null && Interlocked.CompareExchange(ref Pool[i], this, null) is null)
            {
                return;
            }
        }

        foreach (MappedText text in (ReadOnlySpan<MappedText>)[Folded, Spare, Plain, _aside, Hidden, Part, Turned])
        {
            text.Release();
        }
    }

    public void SwapFolded() => (Folded, Spare) = (Spare, Folded);

    /// <summary>Sets the plain text aside, so that another can be written.</summary>
    public MappedText SetAside()
    {
        TakeBack();
        Plain.Clear();
        Words.Clear();
        return _aside;
    }

    /// <summary>Exchanges the plain text for the one set aside.</summary>
    public void TakeBack()
    {
        (Plain, _aside) = (_aside, Plain);
        (Words, WordsAside) = (WordsAside, Words);
    }

    /// <summary>The folded characters that a stretch of the plain text was made of.</summary>
    public MappedText FoldedStretch(MappedText plain, int start, int end)
    {
        Classification.TextSpan source = plain.Source(start, end);
        Part.Clear();
        for (int i = 0; i < Folded.Length; i++)
        {
            if (Folded.Start(i) >= source.Start && Folded.End(i) <= source.Start + source.Length)
            {
                Part.Append(Folded, i, i + 1);
            }
        }

        return Part;
    }

    /// <summary>Room for the letters of one word, where each begins in the text and where it ends.</summary>
    public void Letters(int count, out Span<char> letters, out Span<int> first, out Span<int> last)
    {
        if (_letters.Length < count)
        {
            int size = Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count));
            Array.Clear(_letters);
            _letters = new char[size];
            _first = new int[size];
            _last = new int[size];
        }

        _lettersUsed = Math.Max(_lettersUsed, count);
        letters = _letters;
        first = _first;
        last = _last;
    }

    /// <summary>Room for the ends of words.</summary>
    public Span<int> WordEnds(int count)
    {
        _ends = _ends.Length < count ? new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count)] : _ends;
        return _ends.AsSpan(0, count);
    }

    /// <summary>Room for a bit for each character.</summary>
    public Span<ulong> Masks(int count)
    {
        _masks = _masks.Length < count ? new ulong[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count)] : _masks;
        return _masks.AsSpan(0, count);
    }

    /// <summary>Room for a shortest path.</summary>
    public void Costs(int count, out Span<float> costs, out Span<int> from)
    {
        if (_costs.Length < count)
        {
            _costs = new float[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count)];
            _from = new int[_costs.Length];
        }

        costs = _costs.AsSpan(0, count);
        from = _from.AsSpan(0, count);
    }

    /// <summary>Room for decoded text.</summary>
    public Span<char> Decoded(int count)
    {
        if (_decoded.Length < count)
        {
            Array.Clear(_decoded);
            _decoded = new char[Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count))];
        }

        _decodedUsed = Math.Max(_decodedUsed, count);
        return _decoded;
    }
}
