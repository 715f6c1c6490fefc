using SafetySdk.Classification;

namespace SafetySdk.Prompts.Learned;

/// <summary>
/// Judges text by a model that was trained from labelled rows. It finds what is worded like them, also where no list has the words; it
/// does not understand who does what to whom. Thread-safe; time is linear in the text.
/// </summary>
/// <remarks>
/// The score of a signal is relative to the thresholds of the surface, so that one policy fits every model: 0.4 where a person should look,
/// 0.5 where it counts in full, from there to 1 with the calibrated probability. Where the text is harmful but of no kind that is sure by
/// itself, the likeliest kind carries the score. <see cref="Signal.Span"/> is the window that was strongest, or the whole text.
/// </remarks>
public sealed class LearnedPromptClassifier : IPromptClassifier
{
    /// <summary>Name of the head that says harmful in whatever way.</summary>
    internal const string Unsafe = "unsafe";

    /// <summary>Score of a signal at the review threshold.</summary>
    public const double ReviewScore = 0.4;

    /// <summary>Score of a signal at the block threshold.</summary>
    public const double BlockScore = 0.5;

    private static readonly SafetyCategory[] Intents =
    [
        SafetyCategory.ArtistStyle, SafetyCategory.PublicFigure, SafetyCategory.Identification, SafetyCategory.Geolocation, SafetyCategory.Captcha,
    ];

    private readonly LearnedPromptModel _model;
    private readonly SafetyCategory[] _categories;
    private readonly int _unsafe = -1;
    private readonly Operating[] _prompt;
    private readonly Operating[] _picture;

    /// <summary>Takes the model that comes with the library.</summary>
    /// <exception cref="ModelException">The library's own file is damaged.</exception>
    public LearnedPromptClassifier()
        : this(LearnedPromptModel.Embedded)
    {
    }

    /// <summary>Takes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="surface">What kind of text is judged. Text read in pictures counts as <see cref="PromptSurface.Post"/>.</param>
    public LearnedPromptClassifier(LearnedPromptModel model, PromptSurface surface = PromptSurface.Any)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _categories = new SafetyCategory[model.Heads.Count];
        for (int i = 0; i < _categories.Length; i++)
        {
            if (!SafetyCategories.TryParse(model.Heads[i].Name, out _categories[i]))
            {
                _unsafe = i;
            }
        }

        _prompt = [.. model.Heads.Select(h => new Operating(h, surface))];
        _picture = [.. model.Heads.Select(h => new Operating(h, PromptSurface.Post))];
    }

    /// <inheritdoc/>
    public string Name => "prompt-model";

    /// <summary>Version of the model.</summary>
    public string Version => _model.Version;

    /// <inheritdoc/>
    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
    {
        using NormalisedText plain = TextNormaliser.Normalise(text);
        Span<float> scores = stackalloc float[LearnedPromptModel.MaxHeads];
        Span<int> windows = stackalloc int[LearnedPromptModel.MaxHeads];
        _model.Score(plain.Characters, scores, windows, out _);
        Operating[] operating = origin == TextOrigin.Picture ? _picture : _prompt;
        List<Signal>? signals = null;
        int nearest = -1;
        float distance = float.NegativeInfinity;
        for (int i = 0; i < operating.Length; i++)
        {
            if (i == _unsafe)
            {
                continue;
            }

            if (operating[i].Score(scores[i]) is { } score)
            {
                (signals ??= []).Add(Signal(_categories[i], score, text, plain, windows[i]));
            }

            if (scores[i] - operating[i].Block > distance && !Intents.Contains(_categories[i]))
            {
                nearest = i;
                distance = scores[i] - operating[i].Block;
            }
        }

        // Harmful, but no kind is as sure of it: the likeliest kind speaks for all.
        if (_unsafe >= 0 && nearest >= 0 && operating[_unsafe].Score(scores[_unsafe]) is { } harm
            && !(signals?.Exists(s => s.Score >= harm && !Intents.Contains(s.Category)) ?? false))
        {
            signals?.RemoveAll(s => s.Category == _categories[nearest]);
            (signals ??= []).Add(Signal(_categories[nearest], harm, text, plain, windows[nearest]));
        }

        return signals is null ? [] : signals;
    }

    private Signal Signal(SafetyCategory category, double score, string text, NormalisedText plain, int window)
        => new(category, score, Name, Version) { Span = window < 0 ? new TextSpan(0, text.Length) : Window(plain, window) };

    private static TextSpan Window(NormalisedText plain, int first)
    {
        ReadOnlySpan<char> characters = plain.Characters;
        int start = WordStart(characters, 0, first);
        int end = start;
        for (int word = 0; word < LearnedPromptModel.WindowWords && end < characters.Length; word++)
        {
            int gap = characters[(end + 1)..].IndexOfAny(' ', '\n');
            end = gap < 0 ? characters.Length : end + 1 + gap;
        }

        return plain.Source(start, end);
    }

    private static int WordStart(ReadOnlySpan<char> characters, int from, int words)
    {
        for (; words > 0; words--)
        {
            from += characters[from..].IndexOfAny(' ', '\n') + 1;
        }

        return from;
    }

    private readonly struct Operating(PromptModelHead head, PromptSurface surface)
    {
        private readonly double _review = head.Probability(head.Thresholds[surface].Review);
        private readonly double _block = head.Probability(head.Thresholds[surface].Block);

        public float Block { get; } = head.Thresholds[surface].Block;

        private readonly float _reviewScore = head.Thresholds[surface].Review;

        public double? Score(float score)
        {
            if (score < _reviewScore)
            {
                return null;
            }

            double probability = head.Probability(score);
            return score < Block
                ? ReviewScore + ((BlockScore - ReviewScore) * Share(probability, _review, _block) * 0.999)
                : BlockScore + ((1 - BlockScore) * Share(probability, _block, 1));
        }

        private static double Share(double value, double from, double to) => to <= from ? 0 : Math.Clamp((value - from) / (to - from), 0, 1);
    }
}
