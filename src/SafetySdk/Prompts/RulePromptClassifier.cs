using SafetySdk.Classification;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Prompts;

/// <summary>
/// Judges text by embedded lists and rules: phrases by category, concepts that must meet (a verb and its object), names, ages, and
/// benign phrases that mask what they contain. It knows wording, not meaning: it is sure where wording is topical and finds little
/// in long prose. Thread-safe; time and memory are linear in the text.
/// </summary>
public sealed class RulePromptClassifier : IPromptClassifier
{
    private const int MaxSignalsPerCategory = 16;
    private const int MinRewritten = 4;
    private const double MinObfuscation = 0.25;
    private const double PictureJailbreakGain = 0.1;
    private readonly PromptLists _lists = PromptLists.Embedded;
    private readonly RequestNames? _names;

    /// <summary>Judges by the embedded lists alone.</summary>
    public RulePromptClassifier()
    {
    }

    /// <summary>Judges by the embedded lists and by names of artists and public figures that the host brings.</summary>
    /// <param name="names">The names.</param>
    public RulePromptClassifier(RequestNames names)
    {
        ArgumentNullException.ThrowIfNull(names);
        _names = names;
    }

    /// <inheritdoc/>
    public string Name => "prompt-rules";

    /// <summary>Version of the rules, and digests of the lists and of the host's names, if any: all must be equal for two findings to be
    /// comparable.</summary>
    public string Version => _names is null ? $"1+{_lists.Version}" : $"1+{_lists.Version}+{_names.Version}";

    /// <inheritdoc/>
    public IReadOnlyList<Signal> Classify(string text, TextOrigin origin)
    {
        var strongest = new Dictionary<(SafetyCategory Category, TextSpan Span), double>();
        (bool ambiguous, bool digits) = Collect(text, Reading.First, origin, strongest);
        if (ambiguous)
        {
            _ = Collect(text, Reading.Second, origin, strongest);
        }

        if (digits)
        {
            _ = Collect(text, Reading.AllDigits, origin, strongest);
        }

        if (strongest.Count == 0)
        {
            return [];
        }

        string version = Version;
        return
        [
            .. strongest.GroupBy(static s => s.Key.Category).OrderBy(static g => g.Key)
                .SelectMany(static g => g.OrderByDescending(static s => s.Value).ThenBy(static s => s.Key.Span.Start)
                    .ThenBy(static s => s.Key.Span.Length).Take(MaxSignalsPerCategory))
                .Select(s => new Signal(s.Key.Category, s.Value, Name, version) { Span = s.Key.Span }),
        ];
    }

    private (bool Ambiguous, bool Digits) Collect(
        string text, Reading reading, TextOrigin origin, Dictionary<(SafetyCategory Category, TextSpan Span), double> strongest)
    {
        using NormalisedText plain = TextNormaliser.Normalise(text, reading);
        foreach (Finding finding in TextReading.Find(plain, _lists, _names))
        {
            // Text in a picture has no business giving orders to the model that looks at it.
            double gain = origin == TextOrigin.Picture && finding.Category == SafetyCategory.Jailbreak ? PictureJailbreakGain : 0;
            Keep(strongest, finding.Category, plain.Source(finding.Start, finding.End), Math.Min(1.0, finding.Score + gain));
        }

        if (plain.Rewritten >= MinRewritten && plain.Obfuscation >= MinObfuscation)
        {
            Keep(strongest, SafetyCategory.Obfuscation, new TextSpan(0, text.Length), plain.Obfuscation);
        }

        return (plain.IsAmbiguous, plain.HasDigitsForLetters);
    }

    private static void Keep(
        Dictionary<(SafetyCategory Category, TextSpan Span), double> strongest, SafetyCategory category, TextSpan span, double score)
    {
        if (!strongest.TryGetValue((category, span), out double known) || known < score)
        {
            strongest[(category, span)] = score;
        }
    }
}
