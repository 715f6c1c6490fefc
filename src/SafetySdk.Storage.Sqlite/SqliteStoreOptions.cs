namespace SafetySdk.Storage.Sqlite;

/// <summary>How the file is opened.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>How long to wait for another process that writes. Default 5 seconds.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After a commit with <see cref="StoreDurability.Process"/>: the time after which it has reached the disk as well, and so the most that
    /// a loss of power can take. Default one second.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a file that does not exist is created. Default true.</summary>
    public bool Create { get; init; } = true;

    /// <summary>Whether the file is opened for reading only: nothing is created or migrated, and writing fails. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Most pages of the file; null for no bound of our own. For tests of a full disk.</summary>
    internal int? MaxPages { get; init; }
}
