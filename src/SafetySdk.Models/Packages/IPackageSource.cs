namespace SafetySdk.Models.Packages;

/// <summary>Where package archives come from. A source need not be trusted: whoever reads an archive verifies its digest first.</summary>
public interface IPackageSource
{
    /// <summary>Makes the archive of a package available as a file.</summary>
    /// <param name="package">The package.</param>
    /// <param name="folder">An existing, empty folder that a fetched archive may be put in; the caller deletes it.</param>
    /// <param name="cancellationToken">Ends the fetch.</param>
    /// <returns>Path of the archive, not verified yet.</returns>
    /// <exception cref="PackageException"><see cref="PackageError.ToolMissing"/> or <see cref="PackageError.FetchFailed"/>.</exception>
    Task<string> FetchAsync(PackagePin package, string folder, CancellationToken cancellationToken);
}

/// <summary>Archives that somebody fetched before, for machines without a network: files named as <c>npm pack</c> names them.</summary>
/// <param name="directory">The folder with the archives; only read.</param>
public sealed class FolderPackageSource(string directory) : IPackageSource
{
    /// <inheritdoc/>
    public Task<string> FetchAsync(PackagePin package, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        string path = Path.Combine(directory, package.ArchiveName);
        return File.Exists(path)
            ? Task.FromResult(path)
            : Task.FromException<string>(new PackageException(
                PackageError.FetchFailed, package.ToString(), $"There is no {path}. Obtain it with: npm pack {package}"));
    }
}
