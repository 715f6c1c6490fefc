namespace SafetySdk.Matching;

/// <summary>Puts a whole file in the place of another, or leaves the other.</summary>
internal static class AtomicFile
{
    // Nobody writes one file for so long.
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <summary>Writes to a temporary file beside it, flushed to the disk, then renames. Removes what a process that was killed while it
    /// wrote the same file a day ago has left.</summary>
    /// <param name="path">The file.</param>
    /// <param name="create">Opens the temporary file.</param>
    /// <param name="write">Writes.</param>
    /// <param name="what">Name of what is written, for the error.</param>
    /// <exception cref="HashIndexException">The file could not be written.</exception>
    public static void Write(string path, Func<string, FileStream> create, Action<Stream> write, string what)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            DiscardAbandoned(path);
            using (FileStream stream = create(temporary))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (IsWriteFailure(exception))
        {
            Discard(temporary);
            throw Failed(path, what, exception);
        }
    }

    /// <summary>Whether writing failed because of the disk, its limits or permissions.</summary>
    /// <remarks>A file beyond the size that the system or a quota allows is reported as an argument out of range by the runtime.</remarks>
    public static bool IsWriteFailure(Exception exception)
        => exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    /// <summary>Renames a file over another.</summary>
    /// <exception cref="HashIndexException">It could not be renamed.</exception>
    public static void Move(string from, string path, string what)
    {
        try
        {
            File.Move(from, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, what, exception);
        }
    }

    private static void DiscardAbandoned(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string name = Path.GetFileName(path);
        foreach (string file in Directory.EnumerateFiles(folder, $"{name}.*.tmp"))
        {
            ReadOnlySpan<char> middle = Path.GetFileName(file.AsSpan())[(name.Length + 1)..^4];
            if (Guid.TryParseExact(middle, "N", out _) && File.GetLastWriteTimeUtc(file) < DateTime.UtcNow - Abandoned)
            {
                Discard(file);
            }
        }
    }

    private static HashIndexException Failed(string path, string what, Exception exception)
        => new(
            HashIndexError.WriteFailed, Path.GetFileName(path),
            $"{what} could not be written, what was there is unchanged; check the folder, its permissions and the free space.", exception);

    /// <summary>Deletes a file if it is there and can be.</summary>
    public static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }
}
