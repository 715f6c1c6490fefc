using System.Numerics;
using SafetySdk.Kernels;

namespace SafetySdk.Prompts.Learned;

/// <summary>
/// The binary features of a text: which hashed words, pairs of words and character n-grams it holds, each once. Reused from text to text
/// and cleared between them, as it holds what a user wrote. Not thread-safe.
/// </summary>
/// <remarks>
/// Words: 1-2-grams of the words of normalised text. Characters: 3-5-grams inside a word with the space before and after it; in scripts
/// without spaces 2-grams besides. Each block has a range of rows of its own, so that its weights have a scale of their own.
/// </remarks>
internal sealed unsafe class PromptFeatures
{
    private const int Margin = NgramHash.Reach + 1;

    private readonly int _wordBits;
    private readonly int _charBits;
    private readonly ulong[] _seen;
    private char[] _text = [];
    private int[] _wordStarts = [];
    private uint[] _wordHashes = [];
    private int[] _rows = [];
    private int _length;

    /// <summary>Room for features of 2^wordBits + 2^charBits rows.</summary>
    public PromptFeatures(int wordBits, int charBits)
    {
        _wordBits = wordBits;
        _charBits = charBits;
        _seen = new ulong[((1 << wordBits) + (1 << charBits)) / 64];
    }

    /// <summary>Words of the text.</summary>
    public int Words { get; private set; }

    /// <summary>Rows of words found by the last <see cref="Collect"/>.</summary>
    public ReadOnlySpan<int> WordRows => _rows.AsSpan(0, WordCount);

    /// <summary>Rows of character n-grams found by the last <see cref="Collect"/>.</summary>
    public ReadOnlySpan<int> CharRows => _rows.AsSpan(WordCount, CharCount);

    public int WordCount { get; private set; }

    public int CharCount { get; private set; }

    /// <summary>Units of text that this has room for without growing.</summary>
    public int Capacity => _text.Length;

    /// <summary>Takes normalised text: words split by single spaces or line feeds.</summary>
    public void Load(ReadOnlySpan<char> normalised)
    {
        _length = normalised.Length + 2;
        if (_text.Length < _length + Margin)
        {
            // A pair of words and four n-grams can begin at every place.
            int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)(_length + Margin + 256));
            _text = new char[capacity];
            _wordStarts = new int[(capacity / 2) + 2];
            _wordHashes = new uint[(capacity / 2) + 2];
            _rows = new int[(capacity * (NgramHash.Lengths + 1)) + 2];
        }

        _text[0] = ' ';
        normalised.CopyTo(_text.AsSpan(1));
        _text.AsSpan(1, normalised.Length).Replace('\n', ' ');
        _text.AsSpan(_length - 1, Margin).Fill(' ');
        int words = 0;
        for (int at = 1; at < _length - 1; at++)
        {
            if (_text[at] == ' ')
            {
                continue;
            }

            uint hash = NgramHash.Empty;
            _wordStarts[words] = at;
            for (; _text[at] != ' '; at++)
            {
                hash = NgramHash.Next(hash, _text[at]);
            }

            _wordHashes[words++] = NgramHash.Word(hash);
        }

        Words = words;
        _wordStarts[words] = _length;
    }

    /// <summary>Finds the features of some of the words.</summary>
    /// <param name="first">First word.</param>
    /// <param name="count">How many.</param>
    public void Collect(int first, int count)
    {
        WordCount = 0;
        CharCount = 0;
        if (count == 0)
        {
            return;
        }

        int found = 0;
        int wordShift = 32 - _wordBits;
        for (int i = first; i < first + count; i++)
        {
            found = Keep(found, (int)(_wordHashes[i] >> wordShift));
            if (i > first)
            {
                found = Keep(found, (int)(NgramHash.WordPair(_wordHashes[i - 1], _wordHashes[i]) >> wordShift));
            }
        }

        WordCount = found;
        int start = _wordStarts[first] - 1;
        int end = _wordStarts[first + count] - 1;
        found = CollectChars(start, end, found);
        CharCount = found - WordCount;
        foreach (int row in _rows.AsSpan(0, found))
        {
            _seen[row >> 6] = 0;
        }
    }

    /// <summary>Forgets the text. Room that a long text took is given back.</summary>
    public void Clear(int keptCapacity)
    {
        if (_text.Length > keptCapacity)
        {
            _text.AsSpan().Clear();
            _text = [];
            _wordStarts = [];
            _wordHashes = [];
            _rows = [];
        }
        else
        {
            // Hashes of words can be tried out; they go with the text.
            _text.AsSpan(0, _length).Clear();
            _wordHashes.AsSpan(0, Words).Clear();
            _rows.AsSpan(0, Math.Min(_rows.Length, _length * (NgramHash.Lengths + 1))).Clear();
        }

        Words = 0;
        WordCount = 0;
        CharCount = 0;
        _length = 0;
    }

    private int CollectChars(int start, int end, int found)
    {
        int shift = 32 - _charBits;
        int offset = 1 << _wordBits;
        uint* hashes = stackalloc uint[NgramHash.Lengths * NgramHash.Places];
        uint* masks = stackalloc uint[NgramHash.Lengths];
        fixed (char* text = _text)
        fixed (int* rows = _rows)
        fixed (ulong* seen = _seen)
        {
            for (int at = start; at < end; at += NgramHash.Places)
            {
                NgramHash.Hash(text + at, shift, hashes, masks);
                uint inside = end - at >= NgramHash.Places ? 0xFFFF : (1u << (end - at)) - 1;
                for (int n = 0; n < NgramHash.Lengths; n++)
                {
                    uint* block = hashes + (n * NgramHash.Places);
                    for (uint mask = masks[n] & inside; mask != 0; mask &= mask - 1)
                    {
                        int row = offset + (int)block[BitOperations.TrailingZeroCount(mask)];
                        ulong known = seen[row >> 6];
                        ulong bit = 1UL << (row & 63);
                        rows[found] = row;
                        seen[row >> 6] = known | bit;
                        found += (known & bit) == 0 ? 1 : 0;
                    }
                }
            }
        }

        return found;
    }

    private int Keep(int found, int row)
    {
        ulong bit = 1UL << (row & 63);
        if ((_seen[row >> 6] & bit) == 0)
        {
            _seen[row >> 6] |= bit;
            _rows[found++] = row;
        }

        return found;
    }
}
