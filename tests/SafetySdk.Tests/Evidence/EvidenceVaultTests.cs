using System.Text;
using SafetySdk.Evidence;
using SafetySdk.Tests.Reports.CyberTipline;

namespace SafetySdk.Tests.Evidence;

/// <summary>Evidence is kept sealed, comes back as it was or not at all, and is gone when it is destroyed.</summary>
public sealed class EvidenceVaultTests : IDisposable
{
    private const string Mark = "plain-text-mark-of-evidence";
    private const int Chunk = SealedChunks.ContentBytes;

    private readonly string _folder = Directory.CreateTempSubdirectory("evidence").FullName;
    private readonly MovedTime _time = new();
    private readonly LocalEvidenceKeys _keys = Keys("one", ("one", 1));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _keys.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 5)]
    [InlineData(4 * Chunk)]
    public async Task What_was_sealed_comes_back(int length)
    {
        byte[] content = Content(length);
        EvidenceRecord record = await Vault().SealAsync(new Trickle(content), "report", Cancel);
        Assert.Equal(length, record.Length);
        Assert.Equal(SealedChunks.SealedLength(length), new FileInfo(Sealed(record.Id)).Length);
        Assert.Equal(content, await ReadAsync(Vault(), record.Id));
        Assert.Equal(record.SealedDigest, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(Sealed(record.Id), Cancel))));
        EvidenceStream stream = await Vault().OpenAsync(record.Id, Cancel);
        await using (stream)
        {
            var copy = new MemoryStream();
            await stream.CopyToAsync(copy, Cancel);
            Assert.Equal(content, copy.ToArray());
            Assert.Equal(length, stream.Position);
        }
    }

    [Fact]
    public async Task Nothing_readable_is_ever_in_the_folder()
    {
        byte[] content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Mark, 20_000)));
        var seen = new List<string>();
        EvidenceRecord record = await Vault().SealAsync(new Trickle(content, () => seen.AddRange(Grep())), "report", Cancel);
        await ReadAsync(Vault(), record.Id);
        await Vault().KeepAsync(record.Id, TimeSpan.FromDays(100), Cancel);
        seen.AddRange(Grep());

        // The search finds what it is to find.
        await File.WriteAllTextAsync(Path.Combine(_folder, "plain"), "x" + Mark, Cancel);
        Assert.Equal(["plain"], seen.Concat(Grep()));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Sealed(record.Id)) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task Any_change_of_the_sealed_bytes_is_found()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content((2 * Chunk) + 100)), "report", Cancel);
        byte[] whole = await File.ReadAllBytesAsync(Sealed(record.Id), Cancel);
        int part = Chunk + SealedChunks.TagBytes;
        List<byte[]> changed =
        [
            [.. whole[part..(2 * part)], .. whole[..part], .. whole[(2 * part)..]],
            [.. whole[..part], .. whole[..part], .. whole[(2 * part)..]],
            whole[..^1], whole[..(2 * part)], whole[..part], [], [.. whole, 0], [.. whole, .. whole[..part]],
        ];
        foreach (int at in new[] { 0, part - 1, part, (2 * part) - 20, 2 * part, whole.Length - 1 })
        {
            byte[] copy = [.. whole];
            copy[at] ^= 1;
            changed.Add(copy);
        }

        foreach (byte[] bytes in changed)
        {
            await File.WriteAllBytesAsync(Sealed(record.Id), bytes, Cancel);
            await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), record.Id));
        }

        File.Delete(Sealed(record.Id));
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), record.Id));
        await File.WriteAllBytesAsync(Sealed(record.Id), whole, Cancel);
        await ReadAsync(Vault(), record.Id);
    }

    [Fact]
    public async Task A_chunk_that_was_cut_off_with_a_shorter_length_in_the_record_is_found()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(2 * Chunk)), "report", Cancel);
        byte[] whole = await File.ReadAllBytesAsync(Sealed(record.Id), Cancel);
        await File.WriteAllBytesAsync(Sealed(record.Id), whole[..(whole.Length / 2)], Cancel);
        await EditAsync(record.Id, $"\"length\":{2 * Chunk}", $"\"length\":{Chunk}");
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), record.Id));
    }

    [Fact]
    public void A_chunk_opens_only_at_its_place_and_with_its_content()
    {
        var record = new EvidenceRecord("id", "report", default);
        byte[] key = new byte[32];
        byte[] chunk = new byte[4 + SealedChunks.TagBytes];
        byte[] content = new byte[4];
        using var chunks = new SealedChunks(key, record);
        chunks.Seal(1, last: false, [1, 2, 3, 4], chunk);
        chunks.Open(1, last: false, chunk, content);
        Assert.Equal([1, 2, 3, 4], content);
        Assert.Throws<EvidenceException>(() => chunks.Open(0, last: false, chunk, content));
        Assert.Throws<EvidenceException>(() => chunks.Open(1, last: true, chunk, content));
        using var others = new SealedChunks(key, record with { Purpose = "other" });
        Assert.Throws<EvidenceException>(() => others.Open(1, last: false, chunk, content));
    }

    [Fact]
    public async Task Nothing_in_the_record_can_be_changed()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        string file = Path.Combine(_folder, record.Id + ".key");
        string whole = await File.ReadAllTextAsync(file, Cancel);
        foreach ((string from, string to) in new[]
        {
            ("\"purpose\":\"report\"", "\"purpose\":\"repor7\""), ("\"kept\":false", "\"kept\":true"), ("\"length\":10", "\"length\":11"),
            ("\"keep_until\":\"2026", "\"keep_until\":\"2027"), ("\"created\":\"2026", "\"created\":\"2025"), ("\"key\":\"", "\"key\":\"AAAA"),
            ("\"key_id\":\"one\"", "\"key_id\":1"), ("{", string.Empty), ("\"id\":\"", "\"id\":\"0"),
        })
        {
            await EditAsync(record.Id, from, to);
            await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), record.Id));
            await File.WriteAllTextAsync(file, whole, Cancel);
        }

        await File.WriteAllBytesAsync(file, new byte[EvidenceRecord.MaxBytes + 1], Cancel);
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), record.Id));
    }

    [Fact]
    public async Task One_evidence_is_never_taken_for_another()
    {
        EvidenceRecord one = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        EvidenceRecord two = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        File.Copy(Sealed(one.Id), Sealed(two.Id), overwrite: true);
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), two.Id));
        File.Copy(Path.Combine(_folder, one.Id + ".key"), Path.Combine(_folder, two.Id + ".key"), overwrite: true);
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), two.Id));
        await EditAsync(two.Id, one.Id, two.Id);
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(), two.Id));
    }

    [Fact]
    public async Task A_wrong_key_and_a_missing_key_are_told_apart()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        using LocalEvidenceKeys wrong = Keys("one", ("one", 2));
        await FailsAsync(EvidenceError.Damaged, () => ReadAsync(Vault(wrong), record.Id));
        using LocalEvidenceKeys missing = Keys("two", ("two", 1));
        await FailsAsync(EvidenceError.KeyMissing, () => ReadAsync(Vault(missing), record.Id));
        foreach (string id in new[] { "", "../../etc/passwd", record.Id.ToUpperInvariant(), new string('0', 32) })
        {
            await FailsAsync(EvidenceError.Missing, () => ReadAsync(Vault(), id));
        }
    }

    [Fact]
    public async Task Keys_are_changed_without_touching_the_content()
    {
        byte[] content = Content(100);
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(content), "report", Cancel);
        byte[] before = await File.ReadAllBytesAsync(Sealed(record.Id), Cancel);
        using (LocalEvidenceKeys both = Keys("two", ("one", 1), ("two", 2)))
        {
            Assert.Equal("two", (await Vault(both).RewrapAsync(record.Id, Cancel)).KeyId);
        }

        using LocalEvidenceKeys later = Keys("two", ("two", 2));
        Assert.Equal(content, await ReadAsync(Vault(later), record.Id));
        Assert.Equal(before, await File.ReadAllBytesAsync(Sealed(record.Id), Cancel));
        await FailsAsync(EvidenceError.KeyMissing, () => ReadAsync(Vault(), record.Id));
    }

    [Fact]
    public async Task Evidence_is_kept_as_long_as_a_report_needs_it_and_no_longer()
    {
        EvidenceVault vault = Vault();
        EvidenceRecord needed = await vault.SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        EvidenceRecord unneeded = await vault.SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        needed = await vault.KeepAsync(needed.Id, TimeSpan.FromDays(400), Cancel);
        Assert.Equal(needed.KeepUntil, (await vault.KeepAsync(needed.Id, TimeSpan.FromDays(5), Cancel)).KeepUntil);
        await FailsAsync(EvidenceError.Retained, () => vault.DestroyAsync(needed.Id, EvidenceDestructionReason.Unneeded, Cancel));
        _time.Pass(TimeSpan.FromDays(31));
        EvidenceSweep sweep = await vault.ExpireAsync(Cancel);
        Assert.Equal(unneeded.Id, Assert.Single(sweep.Destroyed).Id);
        await ReadAsync(vault, needed.Id);
        _time.Pass(TimeSpan.FromDays(370));
        Assert.Equal(needed.Id, Assert.Single((await vault.ExpireAsync(Cancel)).Destroyed).Id);
        Assert.Empty(await vault.ListAsync(Cancel));
        Assert.Equal(new EvidenceSweep([], 0, 0), (await vault.ExpireAsync(Cancel)) with { Destroyed = [] });
    }

    [Fact]
    public async Task What_is_destroyed_is_gone_and_the_proof_says_which_bytes()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(1000)), "report", Cancel);
        await Vault().KeepAsync(record.Id, TimeSpan.FromDays(400), Cancel);
        Assert.Null(await Vault().VerifyDestroyedAsync(record.Id, Cancel));
        EvidenceDestruction proof = await Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Ordered, Cancel);
        Assert.Equal(
            new EvidenceDestruction(record.Id, "report", record.SealedDigest, _time.GetUtcNow(), EvidenceDestructionReason.Ordered), proof);
        Assert.Equal([record.Id + ".gone"], Directory.GetFiles(_folder).Select(Path.GetFileName));
        await FailsAsync(EvidenceError.Destroyed, () => ReadAsync(Vault(), record.Id));
        _time.Pass(TimeSpan.FromDays(1));
        Assert.Equal(proof, await Vault().VerifyDestroyedAsync(record.Id, Cancel));
        Assert.Equal(proof, await Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Unneeded, Cancel));
    }

    [Fact]
    public async Task Destruction_that_was_cut_off_is_completed()
    {
        // The process dies at each thing that destroying does to the storage.
        for (int moment = 0; moment < 3; moment++)
        {
            EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(1000)), "report", Cancel);
            var cut = new EvidenceVault(new CutOff(new EvidenceFolder(_folder), moment), _keys, time: _time);
            await FailsAsync(EvidenceError.Storage, () => cut.DestroyAsync(record.Id, EvidenceDestructionReason.Unneeded, Cancel));
            Assert.Null(await Vault().VerifyDestroyedAsync(record.Id, Cancel));
            if (moment == 0)
            {
                await ReadAsync(Vault(), record.Id);
                await Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Unneeded, Cancel);
            }
            else
            {
                await FailsAsync(EvidenceError.Destroyed, () => ReadAsync(Vault(), record.Id));
                Assert.Equal(1, (await Vault().ExpireAsync(Cancel)).Leftovers);
            }

            Assert.NotNull(await Vault().VerifyDestroyedAsync(record.Id, Cancel));
        }
    }

    [Fact]
    public async Task Sealing_that_was_cut_off_leaves_nothing_for_long()
    {
        for (int moment = 0; moment < 2; moment++)
        {
            var cut = new EvidenceVault(new CutOff(new EvidenceFolder(_folder), moment), _keys, time: _time);
            await FailsAsync(EvidenceError.Storage, () => cut.SealAsync(new MemoryStream(Content(10)), "report", Cancel));
        }

        Assert.Single(Directory.GetFiles(_folder));
        _time.Pass(DateTimeOffset.UtcNow - _time.GetUtcNow());
        Assert.Equal(0, (await Vault().ExpireAsync(Cancel)).Leftovers);
        _time.Pass(TimeSpan.FromDays(2));
        Assert.Equal(1, (await Vault().ExpireAsync(Cancel)).Leftovers);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_key_that_is_wrapped_while_it_is_destroyed_does_not_come_back()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        var racing = new Racing(_keys, () => Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Unneeded, Cancel));
        await FailsAsync(EvidenceError.Destroyed, () => Vault(racing).KeepAsync(record.Id, TimeSpan.FromDays(9), Cancel));
        Assert.NotNull(await Vault().VerifyDestroyedAsync(record.Id, Cancel));
    }

    [Fact]
    public async Task A_damaged_record_is_counted_and_left_to_an_operator()
    {
        EvidenceRecord record = await Vault().SealAsync(new MemoryStream(Content(10)), "report", Cancel);
        await EditAsync(record.Id, "{", string.Empty);
        Assert.Equal(1, (await Vault().ExpireAsync(Cancel)).Damaged);
        await FailsAsync(EvidenceError.Damaged, () => Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Unneeded, Cancel));
        Assert.Empty((await Vault().DestroyAsync(record.Id, EvidenceDestructionReason.Ordered, Cancel)).SealedDigest);
        Assert.NotNull(await Vault().VerifyDestroyedAsync(record.Id, Cancel));
    }

    [Fact]
    public async Task What_is_too_large_leaves_nothing()
    {
        var vault = new EvidenceVault(new EvidenceFolder(_folder), _keys, new EvidenceOptions { MaxBytes = Chunk }, _time);
        await vault.SealAsync(new MemoryStream(Content(Chunk)), "report", Cancel);
        await FailsAsync(EvidenceError.TooLarge, () => vault.SealAsync(new MemoryStream(Content(Chunk + 1)), "report", Cancel));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    internal static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    internal static LocalEvidenceKeys Keys(string current, params (string Id, byte Value)[] keys)
        => new(current, keys.Select(k => KeyValuePair.Create(k.Id, Enumerable.Repeat(k.Value, LocalEvidenceKeys.KeyBytes).ToArray())));

    private static async Task FailsAsync(EvidenceError error, Func<Task> action)
        => Assert.Equal(error, (await Assert.ThrowsAsync<EvidenceException>(action)).Error);

    private static async Task<byte[]> ReadAsync(EvidenceVault vault, string id)
    {
        EvidenceStream stream = await vault.OpenAsync(id, Cancel);
        await using (stream)
        {
            byte[] content = new byte[stream.Length];
            await stream.ReadExactlyAsync(content, Cancel);
            Assert.Equal(0, await stream.ReadAsync(new byte[1], Cancel));
            return content;
        }
    }

    private EvidenceVault Vault(IEvidenceKeys? keys = null) => new(new EvidenceFolder(_folder), keys ?? _keys, time: _time);

    private string Sealed(string id) => Path.Combine(_folder, id + ".sealed");

    private IEnumerable<string> Grep()
        => Directory.GetFiles(_folder).Where(f => File.ReadAllText(f).Contains(Mark, StringComparison.Ordinal)).Select(f => Path.GetFileName(f)!);

    private async Task EditAsync(string id, string from, string to)
    {
        string file = Path.Combine(_folder, id + ".key");
        string whole = await File.ReadAllTextAsync(file, Cancel);
        Assert.Contains(from, whole, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, whole.Replace(from, to, StringComparison.Ordinal), Cancel);
    }

    /// <summary>Gives few bytes at a time, as a network does.</summary>
    private sealed class Trickle(byte[] content, Action? onRead = null) : MemoryStream(content)
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_reads++ % 20 == 0)
            {
                onRead?.Invoke();
            }

            return base.ReadAsync(buffer[..Math.Min(buffer.Length, 10_007)], cancellationToken);
        }
    }

    /// <summary>Fails from the n-th write or erasure on.</summary>
    private sealed class CutOff(IEvidenceStorage storage, int moment) : IEvidenceStorage
    {
        private int _passed;

        public ValueTask WriteAsync(string name, Func<Stream, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
        {
            Pass();
            return storage.WriteAsync(name, write, cancellationToken);
        }

        public ValueTask<Stream?> OpenReadAsync(string name, CancellationToken cancellationToken) => storage.OpenReadAsync(name, cancellationToken);

        public ValueTask<bool> EraseAsync(string name, CancellationToken cancellationToken)
        {
            Pass();
            return storage.EraseAsync(name, cancellationToken);
        }

        public IAsyncEnumerable<EvidenceObject> ListAsync(CancellationToken cancellationToken) => storage.ListAsync(cancellationToken);

        private void Pass()
        {
            if (_passed++ >= moment)
            {
                throw new EvidenceException(EvidenceError.Storage, "cut off");
            }
        }
    }

    /// <summary>Something else happens while a key is wrapped.</summary>
    private sealed class Racing(IEvidenceKeys keys, Func<Task> meanwhile) : IEvidenceKeys
    {
        public string CurrentKeyId => keys.CurrentKeyId;

        public async ValueTask<byte[]> WrapAsync(
            string keyId, ReadOnlyMemory<byte> dataKey, ReadOnlyMemory<byte> associatedData, CancellationToken cancellationToken)
        {
            await meanwhile();
            return await keys.WrapAsync(keyId, dataKey, associatedData, cancellationToken);
        }

        public ValueTask UnwrapAsync(
            string keyId,
            ReadOnlyMemory<byte> wrapped,
            ReadOnlyMemory<byte> associatedData,
            Memory<byte> dataKey,
            CancellationToken cancellationToken)
            => keys.UnwrapAsync(keyId, wrapped, associatedData, dataKey, cancellationToken);
    }
}
