using System.Formats.Tar;
using System.Text;
using SafetySdk.Models.Packages;

namespace SafetySdk.Models.Tests.Packages;

public sealed class PackageArchiveTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wanted_files_are_read()
    {
        TestPackage package = new(_folder.Path, ("package/a.txt", "first"), ("package/deep/b.txt", "second"), ("package/c.txt", "third"));
        await PackageArchive.VerifyAsync(package.Archive, package.Pin, TestContext.Current.CancellationToken);
        Dictionary<string, byte[]> files = PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "a.txt", "deep/b.txt" });
        Assert.Equal(2, files.Count);
        Assert.Equal("first", Encoding.UTF8.GetString(files["a.txt"]));
        Assert.Equal("second", Encoding.UTF8.GetString(files["deep/b.txt"]));
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_is_an_integrity_mismatch_that_names_file_and_digests()
    {
        TestPackage package = new(_folder.Path, ("package/a.txt", "content"));
        byte[] bytes = File.ReadAllBytes(package.Archive);
        for (int i = 0; i < bytes.Length; i += 7)
        {
            byte[] altered = [.. bytes];
            altered[i] ^= 1;
            File.WriteAllBytes(package.Archive, altered);
            PackageException e = await Assert.ThrowsAsync<PackageException>(
                () => PackageArchive.VerifyAsync(package.Archive, package.Pin, TestContext.Current.CancellationToken));
            Assert.Equal(PackageError.IntegrityMismatch, e.Error);
            Assert.Equal("@test/package@1.2.3", e.Package);
            Assert.Contains(package.Archive, e.Message, StringComparison.Ordinal);
            Assert.Contains(package.Pin.Integrity, e.Message, StringComparison.Ordinal);
            Assert.Equal(3, e.Message.Split("sha512-").Length);
        }
    }

    [Fact]
    public async Task A_pin_that_is_no_sha512_accepts_nothing()
    {
        TestPackage package = new(_folder.Path, ("package/a.txt", "content"));
        PackageException e = await Assert.ThrowsAsync<PackageException>(
            () => PackageArchive.VerifyAsync(package.Archive, package.Pin with { Integrity = "" }, TestContext.Current.CancellationToken));
        Assert.Equal(PackageError.IntegrityMismatch, e.Error);
    }

    [Fact]
    public void A_truncated_archive_is_malformed_wherever_it_ends()
    {
        string content = string.Join(',', Enumerable.Range(0, 5000));
        TestPackage package = new(_folder.Path, ("package/a.txt", content), ("package/b.txt", "end"));
        byte[] bytes = File.ReadAllBytes(package.Archive);
        foreach (int length in (int[])[0, 1, 10, 11, 200, bytes.Length / 2])
        {
            File.WriteAllBytes(package.Archive, bytes.AsSpan(0, length));
            PackageException e = Assert.Throws<PackageException>(
                () => PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "b.txt" }));
            Assert.True(e.Error is PackageError.Malformed or PackageError.EntryMissing, e.Message);
        }
    }

    [Theory]
    [InlineData("package/../../evil.txt")]
    [InlineData("../evil.txt")]
    [InlineData("/etc/evil.txt")]
    [InlineData("package\\..\\evil.txt")]
    [InlineData("C:/evil.txt")]
    public void An_entry_that_leads_outside_is_refused(string entry)
    {
        TestPackage package = new(_folder.Path, (entry, "evil"), ("package/a.txt", "content"));
        PackageException e = Assert.Throws<PackageException>(
            () => PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "a.txt" }));
        Assert.Equal(PackageError.Malformed, e.Error);
        Assert.Contains("outside", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_the_place_of_a_file_is_refused()
    {
        TestPackage package = new(_folder.Path, new PaxTarEntry(TarEntryType.SymbolicLink, "package/a.txt") { LinkName = "/etc/hostname" });
        PackageException e = Assert.Throws<PackageException>(
            () => PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "a.txt" }));
        Assert.Equal(PackageError.Malformed, e.Error);
    }

    [Fact]
    public void A_file_beyond_the_limit_is_refused()
    {
        using FileStream zeros = File.Create(Path.Combine(_folder.Path, "zeros"));
        zeros.SetLength((64L << 20) + 1);
        TestPackage package = new(_folder.Path, new PaxTarEntry(TarEntryType.RegularFile, "package/a.txt") { DataStream = zeros });
        PackageException e = Assert.Throws<PackageException>(
            () => PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "a.txt" }));
        Assert.Equal(PackageError.Malformed, e.Error);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        TestPackage package = new(_folder.Path, ("package/a.txt", "content"));
        PackageException e = Assert.Throws<PackageException>(
            () => PackageArchive.Read(package.Archive, package.Pin, new HashSet<string> { "a.txt", "absent.bin" }));
        Assert.Equal(PackageError.EntryMissing, e.Error);
        Assert.Contains("absent.bin", e.Message, StringComparison.Ordinal);
    }
}
