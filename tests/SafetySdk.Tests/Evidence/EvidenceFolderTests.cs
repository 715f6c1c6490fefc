using System.Diagnostics;
using SafetySdk.Evidence;

namespace SafetySdk.Tests.Evidence;

/// <summary>A disk that is full, and folders that cannot be used.</summary>
public sealed class EvidenceFolderTests : IDisposable
{
    private const string PathVariable = "SAFETYSDK_TEST_EVIDENCE";
    private readonly string _folder = Directory.CreateTempSubdirectory("evidence-folder").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string? GivenPath => Environment.GetEnvironmentVariable(PathVariable);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_full_disk_is_an_error_and_leaves_nothing_half()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits the size of files");
        Assert.SkipWhen(GivenPath is not null, "this process is the one that is limited");
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardOutput = true,
            // The limit on the size of files would hold for the compiler's double mapping too.
            Environment = { [PathVariable] = _folder, ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        foreach (string argument in new[]
        {
            "-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"", Path.Combine(AppContext.BaseDirectory, "SafetySdk.Tests"),
            "-method", $"{typeof(EvidenceFolderTests).FullName}.{nameof(Child_cannot_write_much)}", "-noColor",
        })
        {
            start.ArgumentList.Add(argument);
        }

        using Process child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync(Cancel);
        await child.WaitForExitAsync(Cancel);
        Assert.True(child.ExitCode == 0 && output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), output);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task Child_cannot_write_much()
    {
        Assert.SkipWhen(GivenPath is null, "run by another test, in a process of its own");
        using LocalEvidenceKeys keys = EvidenceVaultTests.Keys("one", ("one", 1));
        var vault = new EvidenceVault(new EvidenceFolder(GivenPath!), keys);
        EvidenceException failure = await Assert.ThrowsAsync<EvidenceException>(
            () => vault.SealAsync(new MemoryStream(EvidenceVaultTests.Content(1 << 20)), "report", Cancel));
        Assert.Equal(EvidenceError.Storage, failure.Error);
        EvidenceRecord small = await vault.SealAsync(new MemoryStream(EvidenceVaultTests.Content(1000)), "report", Cancel);
        Assert.Equal(small.Id, Assert.Single(await vault.ListAsync(Cancel)));
    }

    [Fact]
    public async Task A_source_that_fails_leaves_nothing()
    {
        var folder = new EvidenceFolder(_folder);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await folder.WriteAsync(
            "name",
            async (stream, cancel) =>
            {
                await stream.WriteAsync(new byte[10], cancel);
                throw new InvalidDataException();
            },
            Cancel));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Names_lead_nowhere_else()
    {
        var folder = new EvidenceFolder(Path.Combine(_folder, "within"));
        foreach (string name in new[] { "../x", "/x", "a/b", ".x", "X", "a\\b", "a\0" })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await folder.OpenReadAsync(name, Cancel));
            await Assert.ThrowsAsync<ArgumentException>(async () => await folder.EraseAsync(name, Cancel));
        }
    }

    [Fact]
    public void What_a_dead_process_left_half_written_goes()
    {
        string old = Path.Combine(_folder, "a.sealed.0.tmp");
        string young = Path.Combine(_folder, "b.sealed.0.tmp");
        File.WriteAllText(old, "x");
        File.WriteAllText(young, "x");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        _ = new EvidenceFolder(_folder);
        Assert.Equal([young], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_without_its_name()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "x");
        EvidenceException failure = Assert.Throws<EvidenceException>(() => new EvidenceFolder(file));
        Assert.Equal(EvidenceError.Storage, failure.Error);
        Assert.DoesNotContain(_folder, failure.Message, StringComparison.Ordinal);
    }
}
