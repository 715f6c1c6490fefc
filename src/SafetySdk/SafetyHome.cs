using System.Runtime.InteropServices;

namespace SafetySdk;

/// <summary>
/// The folder that holds what the library needs but does not ship: <c>models/</c> and <c>runtime/&lt;platform&gt;/</c> (native libraries).
/// Looked for in this order: an explicit path, the environment variable <c>SAFETYSDK_HOME</c>, a folder <c>.safetysdk</c> beside the
/// application or above it, and <c>.safetysdk</c> in the user's home folder.
/// </summary>
/// <param name="path">Absolute path of the folder; it need not exist.</param>
public sealed class SafetyHome(string path)
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string EnvironmentVariable = "SAFETYSDK_HOME";

    private const string FolderName = ".safetysdk";

    /// <summary>Absolute path.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Where the models are, one folder a model.</summary>
    public string ModelsDirectory => System.IO.Path.Combine(Path, "models");

    /// <summary>Where the native libraries of this platform are.</summary>
    public string RuntimeDirectory => System.IO.Path.Combine(Path, "runtime", Platform);

    /// <summary>The platform's name as in the NuGet runtime catalogue, for example <c>linux-x64</c>.</summary>
    public static string Platform { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "-x64",
            Architecture.Arm64 => "-arm64",
            _ => "-other",
        };

    /// <summary>Finds the folder by the order given above.</summary>
    /// <param name="explicitPath">A path that wins over every other place; null to look.</param>
    public static SafetyHome Find(string? explicitPath = null)
    {
        if (!string.IsNullOrEmpty(explicitPath))
        {
            return new SafetyHome(explicitPath);
        }

        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } configured)
        {
            return new SafetyHome(configured);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, FolderName);
            if (Directory.Exists(candidate))
            {
                return new SafetyHome(candidate);
            }
        }

        return new SafetyHome(System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), FolderName));
    }
}
