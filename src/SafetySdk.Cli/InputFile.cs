namespace SafetySdk.Cli;

/// <summary>Reads the files that a person names.</summary>
internal static class InputFile
{
    private const int PartBytes = 1 << 16;

    /// <summary>The bytes of a file, or an error that names it.</summary>
    public static byte[] Read(string path, long maxBytes)
    {
        if (path.Length == 0)
        {
            throw new CommandException(ExitCode.Usage, "the name of a file is empty.");
        }

        try
        {
            if (!File.Exists(path))
            {
                throw new CommandException(ExitCode.UnreadableInput, $"{path}: no such file.");
            }

            using FileStream file = File.OpenRead(path);
            if (file.CanSeek && file.Length > maxBytes)
            {
                throw new CommandException(ExitCode.UnreadableInput, $"{path}: {file.Length} bytes; at most {maxBytes} are read.");
            }

            // A pipe or a device states no length, or a wrong one, and may never end.
            using var content = new MemoryStream();
            byte[] part = new byte[PartBytes];
            for (int read; (read = file.Read(part)) > 0;)
            {
                if (content.Length + read > maxBytes)
                {
                    throw new CommandException(ExitCode.UnreadableInput, $"{path}: more than {maxBytes} bytes; no more are read.");
                }

                content.Write(part, 0, read);
            }

            return content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new CommandException(ExitCode.UnreadableInput, $"{path}: cannot be read ({e.GetType().Name}).");
        }
    }
}
