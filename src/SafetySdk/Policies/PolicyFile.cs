namespace SafetySdk.Policies;

/// <summary>Finds a policy by name or path.</summary>
public static class PolicyFile
{
    private const int MaxBytes = 1 << 20;

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
            ? SafetyPolicy.Parse(File.ReadAllBytes(nameOrPath), Beside(nameOrPath))
            : throw new ArgumentException(
                $"There is no policy '{nameOrPath}': not a file, and of the built-in policies the nearest is "
                + $"'{PolicyVocabulary.Nearest(nameOrPath, SafetyPolicy.BuiltInNames)}'.", nameof(nameOrPath));
    }

    /// <summary>
    /// Finds policies that a document extends: files of its own folder, by their bare names. A name that leads elsewhere is not found.
    /// </summary>
    /// <param name="path">The document.</param>
    public static Func<string, byte[]?> Beside(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty;
        return name =>
        {
            if (name != Path.GetFileName(name) || name is "." or ".." || name.Contains('\0', StringComparison.Ordinal))
            {
                return null;
            }

            // The reader refuses what is too long; a byte more than it takes is enough to say so.
            var file = new FileInfo(Path.Combine(folder, name));
            return file.Exists ? ReadAtMost(file, MaxBytes + 1) : null;
        };
    }

    private static byte[] ReadAtMost(FileInfo file, int bytes)
    {
        using FileStream stream = file.OpenRead();
        byte[] text = new byte[Math.Min(stream.Length, bytes)];
        return text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
    }
}
