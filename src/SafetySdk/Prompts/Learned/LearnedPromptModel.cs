using System.Reflection;
using SafetySdk.Classification;
using SafetySdk.Kernels;

namespace SafetySdk.Prompts.Learned;

/// <summary>
/// A linear model over hashed n-grams: one table of sixteen signed bytes a row, one column an output. What a text holds is looked up, the
/// rows are added, and each block of features is divided by the root of its count. Thread-safe; scoring allocates nothing once a thread
/// has scored a text of that length (up to 16,384 units), apart from what the normaliser takes.
/// </summary>
public sealed unsafe class LearnedPromptModel
{
    /// <summary>Most heads of a model.</summary>
    public const int MaxHeads = RowSum.Width;

    /// <summary>Words of a window, for heads that look at windows.</summary>
    public const int WindowWords = 30;

    private const int WindowStep = 15;
    private const int KeptCapacity = 1 << 14;
    private const string Resource = "SafetySdk.Prompts.Learned.prompts.model";
    private static readonly Lazy<LearnedPromptModel> Lazily = new(ReadEmbedded);

    [ThreadStatic]
    private static PromptFeatures? _scratch;

    [ThreadStatic]
    private static (int Words, int Chars) _scratchBits;

    private readonly sbyte[] _table;
    private readonly PromptModelHead[] _heads;
    private readonly bool _windows;

    internal LearnedPromptModel(PromptModelFile file)
    {
        _table = file.Table;
        _heads = [.. file.Heads];
        _windows = Array.Exists(_heads, static h => h.Windows);
        WordBits = file.WordBits;
        CharBits = file.CharBits;
        Version = file.Version;
    }

    /// <summary>The model that comes with the library.</summary>
    /// <exception cref="ModelException">The library's own file is damaged.</exception>
    public static LearnedPromptModel Embedded => Lazily.Value;

    /// <summary>Beginning of the SHA-256 of the file.</summary>
    public string Version { get; }

    /// <summary>The outputs, in the order of the scores.</summary>
    public IReadOnlyList<PromptModelHead> Heads => _heads;

    /// <summary>Bits of the hash of words.</summary>
    internal int WordBits { get; }

    /// <summary>Bits of the hash of character n-grams.</summary>
    internal int CharBits { get; }

    /// <summary>Reads a model.</summary>
    /// <param name="file">The file; copied.</param>
    /// <exception cref="ModelException">
    /// <see cref="ModelError.Damaged"/>: no such file, cut off, or changed after it was written (its SHA-256 does not fit).
    /// <see cref="ModelError.Mismatch"/>: what it says of itself is not possible.
    /// </exception>
    public static LearnedPromptModel Read(ReadOnlySpan<byte> file) => new(PromptModelFile.Read(file));

    /// <summary>Reads a model from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelException">As in <see cref="Read"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LearnedPromptModel Open(string path)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > PromptModelFile.MaxBytes)
        {
            throw PromptModelFile.Damaged($"it has {stream.Length} bytes, more than {PromptModelFile.MaxBytes}");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Read(bytes);
    }

    /// <summary>Normalises and scores a text.</summary>
    /// <param name="text">The text, at most <see cref="PromptLimits.MaxCharacters"/> UTF-16 units.</param>
    /// <param name="scores">Takes one score a head, before calibration: above 0 is rather yes.</param>
    /// <exception cref="PromptException">The text is empty, not valid Unicode or too long.</exception>
    /// <exception cref="ArgumentException">There is no room for all heads.</exception>
    public void Score(string text, Span<float> scores)
    {
        using NormalisedText plain = TextNormaliser.Normalise(text);
        Span<int> windows = stackalloc int[MaxHeads];
        Score(plain.Characters, scores, windows, out _);
    }

    /// <summary>Scores normalised text.</summary>
    /// <param name="normalised">The text.</param>
    /// <param name="scores">Takes one score a head.</param>
    /// <param name="windows">Takes, for each head, the first word of the window that was strongest; -1 for the whole text.</param>
    /// <param name="words">Number of words.</param>
    internal void Score(ReadOnlySpan<char> normalised, Span<float> scores, Span<int> windows, out int words)
    {
        if (scores.Length < _heads.Length || windows.Length < _heads.Length)
        {
            throw new ArgumentException($"Room for {_heads.Length} scores is needed.", nameof(scores));
        }

        PromptFeatures features = Scratch();
        features.Load(normalised);
        words = features.Words;
        Span<float> part = stackalloc float[MaxHeads];
        ScoreWords(features, 0, words, part);
        part[.._heads.Length].CopyTo(scores);
        windows[.._heads.Length].Fill(-1);
        for (int first = 0; _windows && words > WindowWords; first += WindowStep)
        {
            first = Math.Min(first, words - WindowWords);
            ScoreWords(features, first, WindowWords, part);
            for (int i = 0; i < _heads.Length; i++)
            {
                if (_heads[i].Windows && part[i] > scores[i])
                {
                    scores[i] = part[i];
                    windows[i] = first;
                }
            }

            if (first + WindowWords == words)
            {
                break;
            }
        }

        features.Clear(KeptCapacity);
    }

    private static LearnedPromptModel ReadEmbedded()
    {
        using Stream? stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource);
        if (stream is null)
        {
            throw PromptModelFile.Damaged("it is not in the library");
        }

        if (stream is UnmanagedMemoryStream memory)
        {
            return Read(new ReadOnlySpan<byte>(memory.PositionPointer, (int)memory.Length));
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Read(bytes);
    }

    private PromptFeatures Scratch()
    {
        if (_scratch is null || _scratchBits != (WordBits, CharBits))
        {
            _scratch = new PromptFeatures(WordBits, CharBits);
            _scratchBits = (WordBits, CharBits);
        }

        return _scratch;
    }

    private void ScoreWords(PromptFeatures features, int first, int count, Span<float> scores)
    {
        features.Collect(first, count);
        int* wordSums = stackalloc int[RowSum.Width];
        int* charSums = stackalloc int[RowSum.Width];
        new Span<int>(wordSums, RowSum.Width).Clear();
        new Span<int>(charSums, RowSum.Width).Clear();
        fixed (sbyte* table = _table)
        fixed (int* words = features.WordRows)
        fixed (int* characters = features.CharRows)
        {
            RowSum.Add(table, words, features.WordCount, wordSums);
            RowSum.Add(table, characters, features.CharCount, charSums);
        }

        float wordShare = 1 / MathF.Sqrt(Math.Max(1, features.WordCount));
        float charShare = 1 / MathF.Sqrt(Math.Max(1, features.CharCount));
        for (int i = 0; i < _heads.Length; i++)
        {
            PromptModelHead head = _heads[i];
            scores[i] = head.Bias + (head.WordScale * wordShare * wordSums[i]) + (head.CharScale * charShare * charSums[i]);
        }
    }
}
