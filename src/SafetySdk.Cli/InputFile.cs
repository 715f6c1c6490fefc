namespace SafetySdk.Cli;

/// <summary>Reads the files that a person names.</summary>
internal static class InputFile
{
    /// <summary>The bytes of a file, or an error that names it.</summary>
    public static byte[] Read(string path, long maxBytes)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new CommandException(ExitCode.UnreadableInput, $"{path}: no such file.");
            }

            return file.Length <= maxBytes
                ? File.ReadAllBytes(path)
                : throw new CommandException(
                    ExitCode.UnreadableInput, $"{path}: {file.Length} bytes; at most {maxBytes} are read.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.UnreadableInput, $"{path}: cannot be read ({e.GetType().Name}).");
        }
    }
}
