namespace SafetySdk.Policies;

/// <summary>Finds a policy by name or path.</summary>
public static class PolicyFile
{
    /// <summary>A built-in policy by its name, or the document at a path.</summary>
    /// <param name="nameOrPath">A name of <see cref="SafetyPolicy.BuiltInNames"/>, or a path. A name wins over a file so called.</param>
    /// <exception cref="ArgumentException">Neither a built-in policy nor a file; the message names the nearest policy.</exception>
    /// <exception cref="PolicyFormatException">The document is malformed or weaker than the floor.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetyPolicy Load(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (SafetyPolicy.BuiltInNames.Contains(nameOrPath))
        {
            return SafetyPolicy.BuiltIn(nameOrPath);
        }

        return File.Exists(nameOrPath)
            ? SafetyPolicy.Parse(File.ReadAllBytes(nameOrPath))
            : throw new ArgumentException(
                $"There is no policy '{nameOrPath}': not a file, and of the built-in policies the nearest is "
                + $"'{PolicyVocabulary.Nearest(nameOrPath, SafetyPolicy.BuiltInNames)}'.", nameof(nameOrPath));
    }
}
