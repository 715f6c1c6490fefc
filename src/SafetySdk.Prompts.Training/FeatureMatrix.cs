using SafetySdk.Prompts.Learned;

namespace SafetySdk.Prompts.Training;

/// <summary>
/// Features of many texts: for each the rows of the table that it touches, words first. The value of a feature is one over the root of the
/// number of features of its block, so that only the numbers of rows are kept.
/// </summary>
internal sealed class FeatureMatrix
{
    private int[] _indices = new int[1 << 16];
    private readonly List<(int Start, int Words, int Characters)> _rows = [];
    private int _used;

    public int Count => _rows.Count;

    /// <summary>Adds a text. False where it cannot be judged: empty, too long, not valid Unicode.</summary>
    public bool TryAdd(string text, PromptFeatures features)
    {
        try
        {
            using NormalisedText plain = TextNormaliser.Normalise(text);
            features.Load(plain.Characters);
        }
        catch (PromptException)
        {
            return false;
        }

        features.Collect(0, features.Words);
        int count = features.WordCount + features.CharCount;
        if (_used + count > _indices.Length)
        {
            Array.Resize(ref _indices, Math.Max(_indices.Length * 2, _used + count));
        }

        features.WordRows.CopyTo(_indices.AsSpan(_used));
        features.CharRows.CopyTo(_indices.AsSpan(_used + features.WordCount));
        _rows.Add((_used, features.WordCount, features.CharCount));
        _used += count;
        return count > 0;
    }

    public ReadOnlySpan<int> Words(int row) => _indices.AsSpan(_rows[row].Start, _rows[row].Words);

    public ReadOnlySpan<int> Characters(int row) => _indices.AsSpan(_rows[row].Start + _rows[row].Words, _rows[row].Characters);

    public static float Value(int count) => 1 / MathF.Sqrt(Math.Max(1, count));
}
