using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SafetySdk.Evidence;

/// <summary>
/// Evidence as files in a folder, beside the database for example. A file is written under another name, flushed to the disk and renamed;
/// only the owner may read it.
/// </summary>
/// <remarks>
/// Thread-safe, also for several processes. Erasing overwrites before it deletes; on media that never write in place (flash, copy on write)
/// old blocks may outlive that, which is why the key is destroyed first.
/// </remarks>
public sealed partial class EvidenceFolder : IEvidenceStorage
{
    private const string Unfinished = ".tmp";
    private const int BlockBytes = 64 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan UnfinishedLife = TimeSpan.FromDays(1);

    private readonly string _folder;

    /// <summary>Opens a folder; makes it where there is none.</summary>
    /// <param name="folder">The folder. It should hold nothing else.</param>
    /// <exception cref="EvidenceException">It cannot be made or read.</exception>
    public EvidenceFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.GetFullPath(folder);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(_folder);
            }
            else
            {
                Directory.CreateDirectory(_folder, OwnerOnly | UnixFileMode.UserExecute);
            }

            foreach (FileInfo left in new DirectoryInfo(_folder).EnumerateFiles("*" + Unfinished))
            {
                // What a process that died left behind: ciphertext without a key.
                if (left.LastWriteTimeUtc < DateTime.UtcNow - UnfinishedLife)
                {
                    left.Delete();
                }
            }
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed();
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(string name, Func<Stream, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        string path = PathOf(name);
        string temporary = $"{path}.{Guid.NewGuid():N}{Unfinished}";
        bool kept = false;
        try
        {
            var stream = new FileStream(temporary, Options(FileMode.CreateNew, FileAccess.Write));
            await using (stream.ConfigureAwait(false))
            {
                await write(stream, cancellationToken).ConfigureAwait(false);
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            kept = true;
            FlushFolder();
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed();
        }
        finally
        {
            if (!kept)
            {
                Discard(temporary);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream?> OpenReadAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            return ValueTask.FromResult<Stream?>(new FileStream(path, Options(FileMode.Open, FileAccess.Read)));
        }
        catch (FileNotFoundException)
        {
            return ValueTask.FromResult<Stream?>(null);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EraseAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            var stream = new FileStream(path, Options(FileMode.Open, FileAccess.Write));
            await using (stream.ConfigureAwait(false))
            {
                byte[] noise = RandomNumberGenerator.GetBytes(BlockBytes);
                for (long left = stream.Length; left > 0; left -= BlockBytes)
                {
                    await stream.WriteAsync(noise.AsMemory(0, (int)Math.Min(left, BlockBytes)), cancellationToken).ConfigureAwait(false);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Delete(path);
            FlushFolder();
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<EvidenceObject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        FileInfo[] files;
        try
        {
            files = new DirectoryInfo(_folder).GetFiles();
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed();
        }

        foreach (FileInfo file in files)
        {
            if (!file.Name.EndsWith(Unfinished, StringComparison.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new EvidenceObject(file.Name, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
            }
        }
    }

    // A file beyond the size that the system or a quota allows is reported as an argument out of range by the runtime.
    private static bool IsFailure(Exception exception)
        => exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    private static EvidenceException Failed()
        => new(EvidenceError.Storage, "The evidence folder cannot be read or written; check it, its permissions and the free space.");

    private static FileStreamOptions Options(FileMode mode, FileAccess access)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = access,

            // An open file can be replaced and deleted, also where the system is strict about that.
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // The failure that led here is the one to report; what is left has no key.
        }
    }

    private string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '.') && name[0] != '.'
            ? Path.Combine(_folder, name)
            : throw new ArgumentException("The name of an object is lower-case letters, digits and a dot.", nameof(name));
    }

    // A name is durable only once its folder is.
    private void FlushFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int folder = Open(_folder, 0);
        if (folder < 0)
        {
            throw new IOException("The folder cannot be opened.");
        }

        try
        {
            // Some file systems have nothing to flush there and say so.
            _ = Synchronize(folder);
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
