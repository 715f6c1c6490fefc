using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;

namespace SafetySdk.Models.Packages;

/// <summary>Verifies and reads the archive of a package: a gzip-compressed tar whose entries lie below one folder.</summary>
internal static class PackageArchive
{
    // The largest wanted file is 11 MB, the largest archive holds some 2000 entries and 200 MB.
    private const long LargestEntry = 64L << 20;
    private const long LargestArchive = 2L << 30;
    private const int MostEntries = 100_000;
    private const string Algorithm = "sha512-";

    /// <summary>Compares the archive's SHA-512 with the pin.</summary>
    /// <exception cref="PackageException"><see cref="PackageError.IntegrityMismatch"/>; the message names both digests.</exception>
    public static async Task VerifyAsync(string archive, PackagePin package, CancellationToken cancellationToken)
    {
        if (!package.Integrity.StartsWith(Algorithm, StringComparison.Ordinal))
        {
            throw new PackageException(
                PackageError.IntegrityMismatch, package.ToString(), $"The pin of {package} is not a SHA-512 digest: {package.Integrity}");
        }

        FileStream stream = new(archive, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
        {
            byte[] digest = await SHA512.HashDataAsync(stream, cancellationToken).ConfigureAwait(false);
            string found = Algorithm + Convert.ToBase64String(digest);
            if (found != package.Integrity)
            {
                throw new PackageException(
                    PackageError.IntegrityMismatch,
                    package.ToString(),
                    $"{archive} is not the archive that {package} is pinned to: its integrity is {found}, expected is {package.Integrity}. "
                    + "The download was damaged or altered; try again, and report it if it stays so.");
            }
        }
    }

    /// <summary>Reads files of an archive whose digest has been verified.</summary>
    /// <param name="archive">Path of the archive.</param>
    /// <param name="package">The package, for messages.</param>
    /// <param name="wanted">Paths in the package, without the leading folder.</param>
    /// <returns>The content of every wanted file.</returns>
    /// <exception cref="PackageException"><see cref="PackageError.EntryMissing"/> or <see cref="PackageError.Malformed"/>.</exception>
    public static Dictionary<string, byte[]> Read(string archive, PackagePin package, IReadOnlySet<string> wanted)
    {
        Dictionary<string, byte[]> files = ReadWhere(archive, package, wanted.Contains, wanted.Count);
        string[] missing = [.. wanted.Where(path => !files.ContainsKey(path)).Order(StringComparer.Ordinal)];
        return missing.Length == 0
            ? files
            : throw new PackageException(
                PackageError.EntryMissing, package.ToString(), $"The archive of {package} lacks {string.Join(", ", missing)}.");
    }

    /// <summary>Reads the files that a rule names.</summary>
    public static Dictionary<string, byte[]> ReadWhere(
        string archive, PackagePin package, Func<string, bool> wanted, int most = int.MaxValue)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        try
        {
            using FileStream stream = new(archive, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            using GZipStream uncompressed = new(stream, CompressionMode.Decompress);
            using TarReader reader = new(uncompressed);
            long total = 0;
            int entries = 0;
            // Stopping at the last wanted file spares unpacking the rest of a large archive.
            while (files.Count < most && reader.GetNextEntry() is TarEntry entry)
            {
                total += entry.Length;
                if (++entries > MostEntries || total > LargestArchive)
                {
                    throw Malformed(package, $"it holds more than {MostEntries} entries or {LargestArchive} bytes");
                }

                string path = PathInPackage(entry.Name, package);
                if (path.Length > 0 && wanted(path))
                {
                    files[path] = Content(entry, path, package);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new PackageException(PackageError.Malformed, package.ToString(), $"The archive of {package} cannot be read: {e.Message}", e);
        }

        return files;
    }

    private static string PathInPackage(string entry, PackagePin package)
    {
        string[] parts = entry.Split('/');
        if (entry.StartsWith('/') || entry.Contains('\\', StringComparison.Ordinal) || entry.Contains(':', StringComparison.Ordinal)
            || parts.Contains(".."))
        {
            throw Malformed(package, $"its entry '{entry}' leads outside the package");
        }

        return string.Join('/', parts.Skip(1));
    }

    private static byte[] Content(TarEntry entry, string path, PackagePin package)
    {
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is null)
        {
            throw Malformed(package, $"'{path}' is a {entry.EntryType} where a file is expected");
        }

        if (entry.Length > LargestEntry)
        {
            throw Malformed(package, $"'{path}' has {entry.Length} bytes; at most {LargestEntry} are read");
        }

        byte[] content = new byte[entry.Length];
        entry.DataStream.ReadExactly(content);
        return content;
    }

    private static PackageException Malformed(PackagePin package, string what) =>
        new(PackageError.Malformed, package.ToString(), $"The archive of {package} is refused: {what}.");
}
