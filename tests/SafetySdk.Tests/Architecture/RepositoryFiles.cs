using System.ComponentModel;
using System.Diagnostics;

namespace SafetySdk.Tests.Architecture;

/// <summary>The files that belong to the repository: those that git tracks or would track; without git, those that no build made.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", ".git", ".safetysdk", ".vs", ".vscode", ".idea", "TestResults"];

    private static readonly string[] Binary = [".ico", ".png", ".jpg", ".webp", ".gif"];

    /// <summary>Paths from the root, with forward slashes, sorted.</summary>
    public static IReadOnlyList<string> All { get; } = [.. (FromGit() ?? FromFolder()).Where(Exists).Order(StringComparer.Ordinal)];

    /// <summary>Those that hold text.</summary>
    public static IEnumerable<string> Texts => All.Where(f => !Binary.Contains(Path.GetExtension(f)));

    /// <summary>The content of a file.</summary>
    public static string Read(string file) => File.ReadAllText(Path.Combine(TestEnvironment.RepositoryRoot, file));

    private static bool Exists(string file) => File.Exists(Path.Combine(TestEnvironment.RepositoryRoot, file));

    private static string[]? FromGit()
    {
        if (!Path.Exists(Path.Combine(TestEnvironment.RepositoryRoot, ".git")))
        {
            return null;
        }

        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            {
                WorkingDirectory = TestEnvironment.RepositoryRoot,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            git!.ErrorDataReceived += static (_, _) => { };
            git.BeginErrorReadLine();
            string listed = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? listed.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> FromFolder()
    {
        string root = TestEnvironment.RepositoryRoot;
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(NotOurs.Contains) && !file.EndsWith(".nupkg", StringComparison.Ordinal));
    }
}
