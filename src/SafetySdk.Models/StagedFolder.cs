namespace SafetySdk.Models;

/// <summary>
/// A folder that appears whole or not at all: it is filled beside its destination and moved there at the end. What a killed process leaves
/// behind has a name that nothing reads, and the next one removes it. One process at a time, see <see cref="LockAsync"/>.
/// </summary>
internal sealed class StagedFolder : IDisposable
{
    private const string Prefix = ".restore-";
    private const string LockName = ".restore.lock";

    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(200);

    private readonly string _destination;
    private readonly string _staging;
    private bool _committed;

    public StagedFolder(string destination)
    {
        _destination = destination;
        _staging = Temporary(Path.GetDirectoryName(destination)!);
    }

    /// <summary>Creates an empty folder that <see cref="RemoveLeftovers"/> recognises.</summary>
    public static string Temporary(string parent) =>
        Directory.CreateDirectory(Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}")).FullName;

    /// <summary>
    /// Waits until no other process restores into the folder, and tells of it once. The operating system frees the lock when a process
    /// ends.
    /// </summary>
    public static async Task<IDisposable> LockAsync(string parent, Action waiting, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(parent);
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(Path.Combine(parent, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeldByAnother(e))
            {
                if (!told)
                {
                    waiting();
                }

                await Task.Delay(LockInterval, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Removes what killed processes left; the lock must be held.</summary>
    public static void RemoveLeftovers(string parent)
    {
        foreach (string leftover in Directory.EnumerateDirectories(parent, $"{Prefix}*"))
        {
            Directory.Delete(leftover, recursive: true);
        }
    }

    /// <summary>Writes a file of the folder and waits until it is on the disk.</summary>
    public void Write(string file, ReadOnlySpan<byte> content)
    {
        using FileStream stream = new(Path.Combine(_staging, file), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Puts the folder in the place of its destination.</summary>
    public void Commit()
    {
        if (Directory.Exists(_destination))
        {
            // Two renames: between them the model is missing, never mixed, and the next restore completes it.
            string replaced = Path.Combine(Temporary(Path.GetDirectoryName(_destination)!), "replaced");
            Directory.Move(_destination, replaced);
            Directory.Move(_staging, _destination);
            Directory.Delete(Path.GetDirectoryName(replaced)!, recursive: true);
        }
        else
        {
            Directory.Move(_staging, _destination);
        }

        _committed = true;
    }

    public void Dispose()
    {
        if (!_committed && Directory.Exists(_staging))
        {
            Directory.Delete(_staging, recursive: true);
        }
    }

    private static bool IsHeldByAnother(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) == 32 // ERROR_SHARING_VIOLATION
        : e.HResult is 11 or 35; // EWOULDBLOCK on Linux and macOS
}
