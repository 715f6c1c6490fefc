using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>What kind of text is judged.</summary>
public enum TextOrigin
{
    /// <summary>A request to a generator or a chat model.</summary>
    Prompt,

    /// <summary>Text read in a picture.</summary>
    Picture,
}

/// <summary>Judges text. Implementations are thread-safe.</summary>
public interface IPromptClassifier
{
    /// <summary>Name, for verdicts.</summary>
    string Name { get; }

    /// <summary>Version of the lists or model.</summary>
    string Version { get; }

    /// <summary>Finds what the text asks for or says. Spans point at the text as given.</summary>
    /// <param name="text">The text, at most <see cref="PromptLimits.MaxCharacters"/> UTF-16 units.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <returns>Signals, one a finding; a category may occur more than once. Empty where nothing was found.</returns>
    /// <exception cref="PromptException">The text is empty, not valid Unicode or exceeds a limit.</exception>
    IReadOnlyList<Signal> Classify(string text, TextOrigin origin);
}
