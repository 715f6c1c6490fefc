namespace SafetySdk.Testing;

/// <summary>Where tests find what is not in the repository. A test whose data is absent is skipped with the reason, never passed.</summary>
internal static class TestEnvironment
{
    /// <summary>The folder that holds SafetySdk.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The folder that native/restore.sh fills.</summary>
    public static SafetyHome Home { get; } = SafetyHome.Find();

    /// <summary>Path below the folder <c>shared</c> beside the checkout; skips the test where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string path = Path.Combine([RepositoryRoot, "..", "shared", .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"needs shared/{string.Join('/', parts)} beside the checkout");
        return path;
    }

    /// <summary>Path of a restored model's folder; skips the test where it is absent.</summary>
    public static string Model(string name)
    {
        string path = Path.Combine(Home.ModelsDirectory, name);
        Assert.SkipUnless(Directory.Exists(path), $"needs the model {name}: run native/restore.sh");
        return path;
    }

    /// <summary>Path of a restored native library's folder; skips the test where it is absent.</summary>
    public static string Runtime()
    {
        Assert.SkipUnless(Directory.Exists(Home.RuntimeDirectory), "needs the native libraries: run native/restore.sh");
        return Home.RuntimeDirectory;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SafetySdk.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds SafetySdk.sln.");
    }
}
