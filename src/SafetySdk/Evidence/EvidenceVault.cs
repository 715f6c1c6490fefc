using System.Globalization;
using System.Security.Cryptography;

namespace SafetySdk.Evidence;

/// <summary>How evidence is kept.</summary>
public sealed record EvidenceOptions
{
    /// <summary>The defaults.</summary>
    public static EvidenceOptions Default { get; } = new();

    /// <summary>Most bytes of one content. Default 1 GiB.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>
    /// How long evidence waits for a report that needs it (<see cref="EvidenceVault.KeepAsync"/>). Default 30 days: longer than a report
    /// may wait in the outbox while nothing sends it.
    /// </summary>
    public TimeSpan Unclaimed { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>What <see cref="EvidenceVault.ExpireAsync"/> did.</summary>
/// <param name="Destroyed">Proof of what was destroyed.</param>
/// <param name="Leftovers">Objects without a key, or whose destruction was cut off, that were erased.</param>
/// <param name="Damaged">Records that cannot be read; nothing was done about them, an operator has to.</param>
public sealed record EvidenceSweep(IReadOnlyList<EvidenceDestruction> Destroyed, int Leftovers, int Damaged);

/// <summary>
/// Keeps evidence that a report needs: sealed under a key of its own, which is wrapped under a key of the host; for as long as it must be
/// kept; and destroyed, with proof, when that is over. Nothing that it writes can be read without the host's key.
/// </summary>
/// <remarks>
/// Thread-safe, also for several processes over one storage. Of each piece there are two objects, <c>ID.sealed</c> and <c>ID.key</c>;
/// once it is destroyed, <c>ID.gone</c> remains. Whoever can write to the storage can destroy evidence, or set a retention back that was
/// extended, but never make it another's, change it or read it.
/// </remarks>
public sealed class EvidenceVault
{
    private const string SealedEnding = ".sealed";
    private const string KeyEnding = ".key";
    private const string GoneEnding = ".gone";
    private const int KeyBytes = 32;

    // What is being sealed has no key yet.
    private static readonly TimeSpan SealingLife = TimeSpan.FromDays(1);

    private readonly IEvidenceStorage _storage;
    private readonly IEvidenceKeys _keys;
    private readonly EvidenceOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates a vault.</summary>
    /// <param name="storage">Where it lies.</param>
    /// <param name="keys">The host's keys.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public EvidenceVault(IEvidenceStorage storage, IEvidenceKeys keys, EvidenceOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(keys);
        _storage = storage;
        _keys = keys;
        _options = options ?? EvidenceOptions.Default;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Seals a content. Durable when the task ends: enqueue the report that names it afterwards.</summary>
    /// <param name="content">The content, read to its end. Stays the caller's.</param>
    /// <param name="purpose">What it is kept for, as a name of the host, 1 to 100 characters; no content.</param>
    /// <param name="cancellationToken">Cancels; nothing is kept then.</param>
    /// <returns>Its record; the identifier goes into the report, the digest into the audit log.</returns>
    /// <exception cref="EvidenceException">It is too large, or storage or key failed; nothing is kept.</exception>
    public async Task<EvidenceRecord> SealAsync(Stream content, string purpose, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(purpose.Length, EvidenceRecord.MaxNameLength, nameof(purpose));
        DateTimeOffset now = _time.GetUtcNow();
        var record = new EvidenceRecord(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), purpose, now)
        {
            KeepUntil = now + _options.Unclaimed,
        };
        byte[] key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
        try
        {
            RandomNumberGenerator.Fill(key);
            using (var chunks = new SealedChunks(key, record))
            using (var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                long length = 0;
                await _storage.WriteAsync(
                    record.Id + SealedEnding,
                    async (stream, cancel) => length = await SealAsync(content, stream, chunks, digest, cancel).ConfigureAwait(false),
                    cancellationToken).ConfigureAwait(false);
                record = record with { Length = length, SealedDigest = Convert.ToHexStringLower(digest.GetHashAndReset()) };
            }

            return await WriteKeyAsync(record, key, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>What is known about a piece of evidence. Not authenticated: opening it is.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="EvidenceException">There is none, it was destroyed, or its record is damaged.</exception>
    public async Task<EvidenceRecord> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (EvidenceRecord.IsId(id))
        {
            if (await FindDestructionAsync(id, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw new EvidenceException(EvidenceError.Destroyed, "The evidence was destroyed; its proof of destruction is there.");
            }

            if (await ReadAsync(id + KeyEnding, cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                return EvidenceRecord.Read(bytes, id);
            }
        }

        throw new EvidenceException(EvidenceError.Missing, "There is no such evidence.");
    }

    /// <summary>Opens a content.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The content; the caller disposes it.</returns>
    /// <exception cref="EvidenceException">There is none, it was destroyed or altered, or its key is missing.</exception>
    public async Task<EvidenceStream> OpenAsync(string id, CancellationToken cancellationToken = default)
    {
        EvidenceRecord record = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        byte[] key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
        Stream? source = null;
        try
        {
            await UnwrapAsync(record, key, cancellationToken).ConfigureAwait(false);
            source = await _storage.OpenReadAsync(id + SealedEnding, cancellationToken).ConfigureAwait(false);
            if (source is null || source.Length != SealedChunks.SealedLength(record.Length))
            {
                throw EvidenceRecord.Damaged();
            }

            var stream = new EvidenceStream(source, new SealedChunks(key, record), record);
            source = null;
            return stream;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            if (source is not null)
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Keeps evidence because a report needs it: from now on for so long at least, never shorter than before.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="retention">How long from now.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="EvidenceException">There is none, it was destroyed or altered, or its key is missing.</exception>
    public async Task<EvidenceRecord> KeepAsync(string id, TimeSpan retention, CancellationToken cancellationToken = default)
    {
        EvidenceRecord record = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        DateTimeOffset until = _time.GetUtcNow() + retention;

        // Attempts to send come often; days are what counts.
        return record.IsKept && record.KeepUntil >= until - SealingLife
            ? record
            : await SealAgainAsync(
                record, record with { IsKept = true, KeepUntil = record.KeepUntil > until ? record.KeepUntil : until }, cancellationToken)
                .ConfigureAwait(false);
    }

    /// <summary>Wraps the key of one piece of evidence under the current key of the host; the content stays as it is.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The record, under the current key.</returns>
    /// <exception cref="EvidenceException">There is none, it was destroyed or altered, or its key is missing.</exception>
    public async Task<EvidenceRecord> RewrapAsync(string id, CancellationToken cancellationToken = default)
    {
        EvidenceRecord record = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        return record.KeyId == _keys.CurrentKeyId ? record : await SealAgainAsync(record, record, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Identifiers of all evidence that is there.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        (_, HashSet<string> keys, HashSet<string> gone) = await NamesAsync(cancellationToken).ConfigureAwait(false);
        return [.. keys.Where(id => !gone.Contains(id)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Destroys evidence: writes the proof, destroys the key, then erases the content. Again: gives the same proof.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Cancels; <see cref="ExpireAsync"/> completes what was begun.</param>
    /// <returns>The proof.</returns>
    /// <exception cref="EvidenceException">There is none, or it must be kept for longer.</exception>
    public async Task<EvidenceDestruction> DestroyAsync(
        string id, EvidenceDestructionReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!EvidenceRecord.IsId(id) || await FindDestructionAsync(id, cancellationToken).ConfigureAwait(false) is not { } proof)
        {
            EvidenceRecord? record = await FindForDestructionAsync(id, reason, cancellationToken).ConfigureAwait(false);
            proof = new EvidenceDestruction(
                id, record?.Purpose ?? string.Empty, record?.SealedDigest ?? string.Empty, _time.GetUtcNow(), reason);
            await _storage.WriteAsync(id + GoneEnding, proof.WriteAsync, cancellationToken).ConfigureAwait(false);
        }

        await EraseAsync(id, cancellationToken).ConfigureAwait(false);
        return proof;
    }

    /// <summary>The proof that evidence was destroyed; null where it was not, or not yet entirely.</summary>
    /// <param name="id">The evidence.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<EvidenceDestruction?> VerifyDestroyedAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return EvidenceRecord.IsId(id)
            && await FindDestructionAsync(id, cancellationToken).ConfigureAwait(false) is { } proof
            && await ReadAsync(id + KeyEnding, cancellationToken).ConfigureAwait(false) is null
            && !await ExistsAsync(id + SealedEnding, cancellationToken).ConfigureAwait(false)
                ? proof
                : null;
    }

    /// <summary>Destroys what need not be kept any more, and completes what was cut off. Call it now and then.</summary>
    /// <param name="cancellationToken">Cancels; call it again.</param>
    /// <exception cref="EvidenceException">The storage failed; call it again.</exception>
    public async Task<EvidenceSweep> ExpireAsync(CancellationToken cancellationToken = default)
    {
        DateTimeOffset now = _time.GetUtcNow();
        (Dictionary<string, DateTimeOffset> contents, HashSet<string> keys, HashSet<string> gone) =
            await NamesAsync(cancellationToken).ConfigureAwait(false);
        var destroyed = new List<EvidenceDestruction>();
        int damaged = 0;
        int leftovers = 0;
        foreach (string id in gone.Where(id => keys.Contains(id) || contents.ContainsKey(id)))
        {
            await EraseAsync(id, cancellationToken).ConfigureAwait(false);
            leftovers++;
        }

        foreach (string id in keys.Where(id => !gone.Contains(id)))
        {
            try
            {
                if ((await FindAsync(id, cancellationToken).ConfigureAwait(false)).KeepUntil <= now)
                {
                    destroyed.Add(
                        await DestroyAsync(id, EvidenceDestructionReason.RetentionEnded, cancellationToken).ConfigureAwait(false));
                }
            }
            catch (EvidenceException e) when (e.Error == EvidenceError.Damaged)
            {
                damaged++;
            }
            catch (EvidenceException e) when (e.Error is EvidenceError.Missing or EvidenceError.Destroyed or EvidenceError.Retained)
            {
                // Another process was faster, or keeps it.
            }
        }

        foreach ((string id, DateTimeOffset written) in contents)
        {
            if (!keys.Contains(id) && !gone.Contains(id) && written <= now - SealingLife)
            {
                await _storage.EraseAsync(id + SealedEnding, cancellationToken).ConfigureAwait(false);
                leftovers++;
            }
        }

        return new EvidenceSweep(destroyed, leftovers, damaged);
    }

    private async ValueTask<long> SealAsync(
        Stream content, Stream output, SealedChunks chunks, IncrementalHash digest, CancellationToken cancellationToken)
    {
        // One chunk ahead: the last one has to know that it is.
        byte[] current = GC.AllocateUninitializedArray<byte>(SealedChunks.ContentBytes, pinned: true);
        byte[] ahead = GC.AllocateUninitializedArray<byte>(SealedChunks.ContentBytes, pinned: true);
        byte[] chunk = new byte[SealedChunks.ContentBytes + SealedChunks.TagBytes];
        try
        {
            long length = 0;
            int count = await content.ReadAtLeastAsync(current, current.Length, false, cancellationToken).ConfigureAwait(false);
            for (long position = 0; ; position++)
            {
                int next = count < current.Length
                    ? 0
                    : await content.ReadAtLeastAsync(ahead, ahead.Length, false, cancellationToken).ConfigureAwait(false);
                length += count;
                if (length + next > _options.MaxBytes)
                {
                    throw new EvidenceException(
                        EvidenceError.TooLarge,
                        string.Create(CultureInfo.InvariantCulture, $"The content has more than the {_options.MaxBytes} bytes allowed."));
                }

                int bytes = count + SealedChunks.TagBytes;
                chunks.Seal(position, last: next == 0, current.AsSpan(0, count), chunk.AsSpan(0, bytes));
                digest.AppendData(chunk, 0, bytes);
                await output.WriteAsync(chunk.AsMemory(0, bytes), cancellationToken).ConfigureAwait(false);
                if (next == 0)
                {
                    return length;
                }

                (current, ahead, count) = (ahead, current, next);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(current);
            CryptographicOperations.ZeroMemory(ahead);
        }
    }

    private async Task<EvidenceRecord> SealAgainAsync(EvidenceRecord from, EvidenceRecord to, CancellationToken cancellationToken)
    {
        byte[] key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
        try
        {
            await UnwrapAsync(from, key, cancellationToken).ConfigureAwait(false);
            EvidenceRecord written = await WriteKeyAsync(to, key, cancellationToken).ConfigureAwait(false);

            // Destroyed meanwhile: the key that was just written must not outlive that. The proof is always written before keys go.
            if (await FindDestructionAsync(to.Id, cancellationToken).ConfigureAwait(false) is not null)
            {
                await EraseAsync(to.Id, cancellationToken).ConfigureAwait(false);
                throw new EvidenceException(EvidenceError.Destroyed, "The evidence was destroyed meanwhile.");
            }

            return written;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private async Task<EvidenceRecord> WriteKeyAsync(EvidenceRecord record, byte[] key, CancellationToken cancellationToken)
    {
        string keyId = _keys.CurrentKeyId;
        byte[] wrapped = await _keys.WrapAsync(keyId, key, record.AssociatedData(), cancellationToken).ConfigureAwait(false);
        EvidenceRecord written = record with { KeyId = keyId, WrappedKey = wrapped };
        await _storage.WriteAsync(record.Id + KeyEnding, written.WriteAsync, cancellationToken).ConfigureAwait(false);
        return written;
    }

    private ValueTask UnwrapAsync(EvidenceRecord record, byte[] key, CancellationToken cancellationToken)
        => _keys.UnwrapAsync(record.KeyId, record.WrappedKey, record.AssociatedData(), key, cancellationToken);

    private async Task<EvidenceRecord?> FindForDestructionAsync(
        string id, EvidenceDestructionReason reason, CancellationToken cancellationToken)
    {
        EvidenceRecord record;
        try
        {
            record = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (EvidenceException e) when (e.Error == EvidenceError.Damaged && reason == EvidenceDestructionReason.Ordered)
        {
            // What cannot be read can still be destroyed, when somebody says so.
            return null;
        }

        return reason == EvidenceDestructionReason.Ordered || !record.IsKept || record.KeepUntil <= _time.GetUtcNow()
            ? record
            : throw new EvidenceException(
                EvidenceError.Retained, "A report needs the evidence and its time is not over; it can be destroyed by order only.");
    }

    private async Task<EvidenceDestruction?> FindDestructionAsync(string id, CancellationToken cancellationToken)
        => await ReadAsync(id + GoneEnding, cancellationToken).ConfigureAwait(false) is { } bytes
            ? EvidenceDestruction.Read(bytes, id)
            : null;

    // The key first: from then on the content is noise.
    private async ValueTask EraseAsync(string id, CancellationToken cancellationToken)
    {
        await _storage.EraseAsync(id + KeyEnding, cancellationToken).ConfigureAwait(false);
        await _storage.EraseAsync(id + SealedEnding, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> ExistsAsync(string name, CancellationToken cancellationToken)
    {
        Stream? stream = await _storage.OpenReadAsync(name, cancellationToken).ConfigureAwait(false);
        if (stream is null)
        {
            return false;
        }

        await stream.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        Stream? stream = await _storage.OpenReadAsync(name, cancellationToken).ConfigureAwait(false);
        if (stream is null)
        {
            return null;
        }

        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = new byte[EvidenceRecord.MaxBytes + 1];
            try
            {
                int read = await stream.ReadAtLeastAsync(bytes, bytes.Length, false, cancellationToken).ConfigureAwait(false);
                return read <= EvidenceRecord.MaxBytes ? bytes.AsMemory(0, read) : throw EvidenceRecord.Damaged();
            }
            catch (IOException)
            {
                throw new EvidenceException(EvidenceError.Storage, "The evidence cannot be read from its storage; check the storage.");
            }
        }
    }

    private async Task<(Dictionary<string, DateTimeOffset> Contents, HashSet<string> Keys, HashSet<string> Gone)> NamesAsync(
        CancellationToken cancellationToken)
    {
        var contents = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var gone = new HashSet<string>(StringComparer.Ordinal);
        await foreach (EvidenceObject found in _storage.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            int dot = found.Name.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0 || !EvidenceRecord.IsId(found.Name[..dot]))
            {
                continue;
            }

            string id = found.Name[..dot];
            switch (found.Name[dot..])
            {
                case SealedEnding:
                    contents.Add(id, found.WrittenAt);
                    break;
                case KeyEnding:
                    keys.Add(id);
                    break;
                case GoneEnding:
                    gone.Add(id);
                    break;
                default:
                    break;
            }
        }

        return (contents, keys, gone);
    }
}
