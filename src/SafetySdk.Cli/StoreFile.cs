using SafetySdk.Storage;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Cli;

/// <summary>The store that a command is given: opened only where it is one, never created.</summary>
internal static class StoreFile
{
    /// <summary>Opens a store.</summary>
    /// <exception cref="CommandException">There is none, or it cannot be opened.</exception>
    public static SqliteSafetyStore Open(string path, bool readOnly = true)
    {
        try
        {
            return IsDatabase(path)
                ? SqliteSafetyStore.Open(path, new SqliteStoreOptions { ReadOnly = readOnly, Create = false })
                : throw new CommandException(ExitCode.UnreadableInput, $"{path} is not a store.");
        }
        catch (StorageException e)
        {
            throw Explain(e);
        }
    }

    /// <summary>Whether a file is a database.</summary>
    /// <exception cref="CommandException">There is no such file.</exception>
    public static bool IsDatabase(string path)
    {
        using FileStream file = Read(path);
        Span<byte> start = stackalloc byte[16];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("SQLite format 3\0"u8);
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="CommandException">There is no such file.</exception>
    public static FileStream Read(string path)
        => File.Exists(path) ? File.OpenRead(path) : throw new CommandException(ExitCode.UnreadableInput, $"{path}: no such file.");

    public static CommandException Explain(StorageException e)
        => new(e.Error == StorageError.Locked ? ExitCode.Incomplete : ExitCode.UnreadableInput, e.Message);
}
