using SafetySdk.Classification;
using SafetySdk.Models.Packages;

namespace SafetySdk.Models.Tests;

public sealed class ModelRestorerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly SafetyHome _home;
    private readonly TestPackage _package;
    private readonly CountingSource _source;

    public ModelRestorerTests()
    {
        _home = new SafetyHome(Path.Combine(_folder.Path, "home"));
        _package = new TestPackage(_folder.Path, ("package/a.bin", "weights a"), ("package/b.bin", "weights b"), ("package/keys.txt", "keys"));
        _source = new CountingSource(new FolderPackageSource(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Models_are_restored_once_and_then_left_alone()
    {
        IReadOnlyList<ModelStatus> first = await Restore([Entry("a"), Entry("b")]);

        Assert.All(first, static status => Assert.Equal(ModelState.Present, status.State));
        Assert.Equal(1, _source.Fetches);
        ModelManifest manifest = ModelManifest.Read(first[0].Folder);
        manifest.Verify(first[0].Folder);
        Assert.Equal("converted weights a", File.ReadAllText(Path.Combine(first[0].Folder, manifest.File)));
        Assert.Equal("keys", File.ReadAllText(Path.Combine(first[0].Folder, "keys.txt")));
        Assert.Equal(_package.Pin.Integrity, manifest.Source.Integrity);
        Assert.Equal(["a.bin", "keys.txt"], manifest.Source.Files.Select(static file => file.Name));
        Assert.Equal("MIT", manifest.Licence);

        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(first[0].Folder, "model.json"));
        List<ModelRestoreProgress> steps = [];
        IReadOnlyList<ModelStatus> second = await Restore([Entry("a"), Entry("b")], steps);
        Assert.Equal(first.Select(static status => status.Folder), second.Select(static status => status.Folder));
        Assert.Equal(1, _source.Fetches);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(first[0].Folder, "model.json")));
        Assert.Equal(["a", "b"], steps.Where(static step => step.Phase == RestorePhase.AlreadyPresent).Select(static step => step.Subject));
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task Damaged_and_outdated_models_are_restored_again()
    {
        await Restore([Entry("a"), Entry("b")]);
        string model = Path.Combine(_home.ModelsDirectory, "a", "model.onnx");
        byte[] content = File.ReadAllBytes(model);
        content[0] ^= 1;
        File.WriteAllBytes(model, content);
        Assert.Equal(ModelState.Damaged, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        Assert.Equal(ModelState.Present, ModelRestorer.Inspect(_home, Entry("b"), verify: true).State);

        List<ModelRestoreProgress> steps = [];
        await Restore([Entry("a"), Entry("b")], steps);
        Assert.Equal("converted weights a", File.ReadAllText(model));
        Assert.Equal(["a"], steps.Where(static step => step.Phase == RestorePhase.Restored).Select(static step => step.Subject));

        ModelCatalogEntry newer = Entry("a") with { Package = _package.Pin with { Version = "9.9.9" } };
        Assert.Equal(ModelState.Outdated, ModelRestorer.Inspect(_home, newer, verify: true).State);
        File.Delete(Path.Combine(_home.ModelsDirectory, "a", "keys.txt"));
        Assert.Equal(ModelState.Damaged, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        Directory.Delete(Path.Combine(_home.ModelsDirectory, "a"), recursive: true);
        Assert.Equal(ModelState.Missing, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task At_no_step_is_a_half_written_model_visible()
    {
        InlineProgress progress = new(_ =>
        {
            foreach (string folder in Directory.EnumerateDirectories(_home.ModelsDirectory).Where(IsModel))
            {
                ModelManifest.Read(folder).Verify(folder);
            }
        });
        await ModelRestorer.RestoreAsync(_home, [Entry("a"), Entry("b")], Options(), progress, TestContext.Current.CancellationToken);
        await ModelRestorer.RestoreAsync(
            _home, [Entry("a"), Entry("b")], Options() with { Force = true }, progress, TestContext.Current.CancellationToken);
        Assert.Equal(2, _source.Fetches);
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task A_conversion_that_fails_leaves_the_old_model_and_the_others()
    {
        await Restore([Entry("b")]);
        ModelCatalogEntry broken = Entry("b") with
        {
            Package = _package.Pin with { Licence = "other" },
            Convert = static _ => throw new InvalidDataException("no such layer"),
        };

        ModelException e = await Assert.ThrowsAsync<ModelException>(() => ModelRestorer.RestoreAsync(
            _home, [Entry("a"), broken], Options() with { Force = true }, null, TestContext.Current.CancellationToken));

        Assert.Equal(ModelError.Mismatch, e.Error);
        Assert.Contains("no such layer", e.Message, StringComparison.Ordinal);
        Assert.Equal(ModelState.Present, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        Assert.Equal(ModelState.Present, ModelRestorer.Inspect(_home, Entry("b"), verify: true).State);
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task What_a_killed_process_left_is_removed_and_never_taken_for_a_model()
    {
        string leftover = Directory.CreateDirectory(Path.Combine(_home.ModelsDirectory, ".restore-0123")).FullName;
        File.WriteAllText(Path.Combine(leftover, "model.onnx"), "half");
        await Restore([Entry("a")]);
        Assert.False(Directory.Exists(leftover));
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task A_tampered_archive_is_refused_and_deleted()
    {
        byte[] bytes = File.ReadAllBytes(_package.Archive);
        bytes[^1] ^= 1;
        CopyingSource source = new(bytes);

        PackageException e = await Assert.ThrowsAsync<PackageException>(() => ModelRestorer.RestoreAsync(
            _home, [Entry("a")], new ModelRestoreOptions { Source = source }, null, TestContext.Current.CancellationToken));

        Assert.Equal(PackageError.IntegrityMismatch, e.Error);
        Assert.NotNull(source.Written);
        Assert.False(File.Exists(source.Written));
        Assert.Equal(ModelState.Missing, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task A_cancelled_restore_leaves_nothing()
    {
        using CancellationTokenSource cancel = new();
        InlineProgress progress = new(step =>
        {
            if (step.Phase == RestorePhase.Reading)
            {
                cancel.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelRestorer.RestoreAsync(_home, [Entry("a")], Options(), progress, cancel.Token));
        Assert.Equal(ModelState.Missing, ModelRestorer.Inspect(_home, Entry("a"), verify: true).State);
        AssertNothingHalfDone();
    }

    [Fact]
    public async Task A_restore_waits_for_another_and_says_so_once()
    {
        Directory.CreateDirectory(_home.ModelsDirectory);
        FileStream held = new(
            Path.Combine(_home.ModelsDirectory, ".restore.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        List<ModelRestoreProgress> steps = [];
        Task<IReadOnlyList<ModelStatus>> restore = Restore([Entry("a")], steps);
        Assert.False(restore.IsCompleted);
        Assert.Equal([RestorePhase.Waiting], steps.Select(static step => step.Phase));
        await held.DisposeAsync();
        await restore;
        Assert.Single(steps, static step => step.Phase == RestorePhase.Waiting);
    }

    [Fact]
    public async Task Restores_into_one_folder_take_turns()
    {
        Task<IReadOnlyList<ModelStatus>>[] restores = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => Restore([Entry("a"), Entry("b")])))];
        foreach (IReadOnlyList<ModelStatus> statuses in await Task.WhenAll(restores))
        {
            Assert.All(statuses, static status => Assert.Equal(ModelState.Present, status.State));
        }

        Assert.Equal(1, _source.Fetches);
        AssertNothingHalfDone();
    }

    [Fact]
    public void The_catalogue_is_what_other_parts_rely_on()
    {
        Assert.Equal(
            [
                "nsfw-inception-v3", "nsfw-mobilenet-v2", "face-ssd-mobilenet-v1", "age-faceres", "age-faceapi", "objects-nanodet",
                "ocr-detection", "ocr-recognition", "ocr-direction",
            ],
            ModelCatalog.All.Where(static entry => entry.IsDefault).Select(static entry => entry.Name));
        ModelCatalogEntry centerNet = Assert.Single(ModelCatalog.All, static entry => !entry.IsDefault);
        Assert.Equal(("objects-centernet", "NOASSERTION"), (centerNet.Name, centerNet.Licence));
        Assert.Contains("do not redistribute", centerNet.LicenceNote, StringComparison.Ordinal);
        Assert.Equal(80, centerNet.Labels.Count);
        Assert.Equal(("person", "knife", "toothbrush"), (centerNet.Labels[0], centerNet.Labels[43], centerNet.Labels[79]));
        Assert.All(ModelCatalog.All, static entry =>
        {
            Assert.NotEmpty(entry.Inputs);
            Assert.NotEmpty(entry.Outputs);
            Assert.NotEqual("", entry.LicenceNote);
            Assert.All(entry.Inputs, static input => Assert.Equal((3, 3), (input.Mean.Count, input.Std.Count)));
        });
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_the_known_ones()
    {
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => ModelRestorer.RestoreAsync(
            _home, new ModelRestoreOptions { Models = ["nsfw"] }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("nsfw-inception-v3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_home_lists_every_model_as_missing()
    {
        Assert.Equal(ModelCatalog.All, ModelRestorer.List(_home).Select(static status => status.Entry));
        Assert.All(ModelRestorer.Verify(_home), static status =>
        {
            Assert.Equal(ModelState.Missing, status.State);
            Assert.Contains("safety models restore", status.Problem!, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Restored_models_are_whole()
    {
        ModelStatus[] restored = [.. ModelRestorer.Verify(TestEnvironment.Home).Where(static status => status.State != ModelState.Missing)];
        Assert.SkipWhen(restored.Length == 0, "needs restored models: run native/restore.sh");
        Assert.All(restored, static status => Assert.True(status.State == ModelState.Present, status.Problem));
    }

    [Fact]
    public async Task Restored_photographs_are_pictures_and_are_left_alone()
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(TestEnvironment.Home.Path, "photographs")), "needs the photographs: run native/restore.sh");
        IReadOnlyList<string> pictures = await ModelRestorer.RestorePhotographsAsync(
            TestEnvironment.Home, Options(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, _source.Fetches);
        Assert.Contains(pictures, static path => Path.GetFileName(path) == "user1-128x128.jpg");
        Assert.Contains(pictures, static path => Path.GetFileName(path) == "sample6.jpg");
        Assert.All(pictures, static path =>
        {
            using FileStream stream = File.OpenRead(path);
            byte[] start = new byte[4];
            stream.ReadExactly(start);
            Assert.True(start.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])
                || start.AsSpan().SequenceEqual((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']), path);
        });
    }

    private static bool IsModel(string folder) => !Path.GetFileName(folder).StartsWith('.');

    private ModelRestoreOptions Options() => new() { Source = _source };

    private Task<IReadOnlyList<ModelStatus>> Restore(IReadOnlyList<ModelCatalogEntry> entries, List<ModelRestoreProgress>? steps = null) =>
        ModelRestorer.RestoreAsync(
            _home, entries, Options(), steps is null ? null : new InlineProgress(steps.Add), TestContext.Current.CancellationToken);

    private ModelCatalogEntry Entry(string name) => new()
    {
        Name = name,
        Role = "test",
        Package = _package.Pin,
        Files = [$"{name}.bin", "keys.txt"],
        ExtraFiles = ["keys.txt"],
        Licence = "MIT",
        LicenceNote = "none",
        Inputs = [],
        Outputs = [],
        Convert = files => [.. "converted "u8, .. files[$"{name}.bin"]],
    };

    private void AssertNothingHalfDone() =>
        Assert.All(Directory.EnumerateDirectories(_home.ModelsDirectory), static folder => Assert.True(IsModel(folder), folder));

    private sealed class InlineProgress(Action<ModelRestoreProgress> report) : IProgress<ModelRestoreProgress>
    {
        public void Report(ModelRestoreProgress value) => report(value);
    }

    private sealed class CountingSource(IPackageSource inner) : IPackageSource
    {
        private int _fetches;

        public int Fetches => _fetches;

        public Task<string> FetchAsync(PackagePin package, string folder, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _fetches);
            return inner.FetchAsync(package, folder, cancellationToken);
        }
    }

    private sealed class CopyingSource(byte[] archive) : IPackageSource
    {
        public string? Written { get; private set; }

        public Task<string> FetchAsync(PackagePin package, string folder, CancellationToken cancellationToken)
        {
            Written = Path.Combine(folder, package.ArchiveName);
            File.WriteAllBytes(Written, archive);
            return Task.FromResult(Written);
        }
    }
}
