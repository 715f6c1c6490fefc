namespace SafetySdk.Prompts.Learned;

/// <summary>Where the text stands, which decides how much harmless text of that kind may be stopped by mistake.</summary>
public enum PromptSurface
{
    /// <summary>Not known: thresholds that hold for prompts of both kinds.</summary>
    Any,

    /// <summary>A request to an image generator.</summary>
    ImagePrompt,

    /// <summary>A message to a chat model that may see pictures.</summary>
    VisionChat,

    /// <summary>Something that a person wrote for others, and text read in pictures.</summary>
    Post,
}

/// <summary>Where a head begins to count, as scores before calibration (log-odds of the model).</summary>
/// <param name="Review">From here on a person should look.</param>
/// <param name="Block">From here on it counts in full; at least <paramref name="Review"/>.</param>
public readonly record struct PromptThresholds(float Review, float Block);

/// <summary>One output of the model. Immutable.</summary>
/// <param name="Name">
/// JSON name of a <see cref="Classification.SafetyCategory"/>, or <c>unsafe</c>: harmful in whatever way.
/// </param>
/// <param name="Windows">Whether a long text is also judged by windows of thirty words, the strongest of which counts.</param>
/// <param name="Slope">Slope of the calibration; the probability of a score s is 1 / (1 + exp(-(Slope s + Intercept))).</param>
/// <param name="Intercept">Intercept of the calibration.</param>
/// <param name="Thresholds">Thresholds by <see cref="PromptSurface"/>.</param>
public sealed record PromptModelHead(
    string Name, bool Windows, float Slope, float Intercept, IReadOnlyDictionary<PromptSurface, PromptThresholds> Thresholds)
{
    /// <summary>Score of a text without features.</summary>
    internal float Bias { get; init; }

    /// <summary>What one step of a word's weight is worth.</summary>
    internal float WordScale { get; init; }

    /// <summary>What one step of a character n-gram's weight is worth.</summary>
    internal float CharScale { get; init; }

    /// <summary>The calibrated probability of a score: how often such texts were of this kind among the rows held out of training.</summary>
    /// <param name="score">A score of this head.</param>
    public double Probability(float score) => 1.0 / (1.0 + Math.Exp(-(((double)Slope * score) + Intercept)));
}
