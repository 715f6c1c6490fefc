using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace SafetySdk.Onnx;

/// <summary>
/// Finds ONNX Runtime's native library: in the runtime folder of the <see cref="SafetyHome"/>, beside the application, in the application's
/// <c>runtimes/&lt;platform&gt;/native</c>, and then wherever the system looks.
/// </summary>
internal static class OnnxRuntimeLibrary
{
    private const string LibraryName = "onnxruntime";

    private static readonly Lock Gate = new();
    private static readonly List<string> Directories = [];
    private static bool _registered;

    /// <summary>Adds the folder of a home. What the process loaded already stays loaded.</summary>
    /// <param name="home">The home.</param>
    public static void Use(SafetyHome home)
    {
        lock (Gate)
        {
            if (!Directories.Contains(home.RuntimeDirectory))
            {
                Directories.Add(home.RuntimeDirectory);
            }

            if (_registered)
            {
                return;
            }

            _registered = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(SessionOptions).Assembly, Resolve);
            }
            catch (InvalidOperationException)
            {
                // An assembly has one resolver. The host, or ONNX Runtime itself, set one first: theirs then decides.
            }
        }
    }

    /// <summary>Where the library is looked for, for messages.</summary>
    public static string SearchedPlaces()
    {
        lock (Gate)
        {
            return string.Join(", ", Candidates().Select(static path => Path.GetDirectoryName(path)).Distinct());
        }
    }

    private static nint Resolve(string libraryName, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (!libraryName.StartsWith(LibraryName, StringComparison.Ordinal))
        {
            return 0;
        }

        lock (Gate)
        {
            foreach (string path in Candidates())
            {
                if (File.Exists(path) && NativeLibrary.TryLoad(path, out nint handle))
                {
                    return handle;
                }
            }
        }

        return 0;
    }

    private static IEnumerable<string> Candidates()
    {
        string file = OperatingSystem.IsWindows() ? LibraryName + ".dll"
            : OperatingSystem.IsMacOS() ? $"lib{LibraryName}.dylib"
            : $"lib{LibraryName}.so";
        foreach (string directory in Directories)
        {
            yield return Path.Combine(directory, file);
        }

        yield return Path.Combine(AppContext.BaseDirectory, file);
        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", SafetyHome.Platform, "native", file);
    }
}
