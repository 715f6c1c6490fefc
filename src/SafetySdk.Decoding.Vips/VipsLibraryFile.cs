using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>Finds the library file: always an absolute path, never a bare name that the system's search path would resolve.</summary>
internal static class VipsLibraryFile
{
    public const string RestoreCommand = "bash native/restore.sh";

    public static string Pattern { get; } =
        OperatingSystem.IsWindows() ? "libvips-42.dll"
        : OperatingSystem.IsMacOS() ? "libvips-cpp.*.dylib"
        : "libvips-cpp.so.*";

    /// <param name="fileOrDirectory">The library file, or the folder that holds it.</param>
    /// <exception cref="ImageException"><see cref="ImageError.DecoderMissing"/>.</exception>
    public static string Find(string fileOrDirectory)
    {
        string path = Path.GetFullPath(fileOrDirectory);
        if (File.Exists(path))
        {
            return path;
        }

        // The version is part of the name; of several the newest counts.
        string? newest = Directory.Exists(path) ? Directory.EnumerateFiles(path, Pattern).MaxBy(VersionInName) : null;
        return newest ?? throw new ImageException(
            ImageError.DecoderMissing, $"No libvips ({Pattern}) in {path}; run: {RestoreCommand}");
    }

    private static Version VersionInName(string path)
    {
        string digits = Path.GetFileName(path).Replace("libvips-cpp", "", StringComparison.Ordinal).Replace("so", "", StringComparison.Ordinal)
            .Replace("dylib", "", StringComparison.Ordinal).Trim('.');
        return Version.TryParse(digits, out Version? version) ? version : new Version(0, 0);
    }
}
