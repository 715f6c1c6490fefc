using System.Security.Cryptography;

namespace SafetySdk.Evidence;

/// <summary>
/// Keys that the host holds itself: AES-256-GCM with a random nonce. To change the key, give old and new and name the new one current, have
/// <see cref="EvidenceVault.RewrapAsync"/> run, then leave the old one out.
/// </summary>
/// <remarks>Thread-safe. Erases its copies of the keys when disposed; the caller's stay the caller's.</remarks>
public sealed class LocalEvidenceKeys : IEvidenceKeys, IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    /// <summary>Creates the provider.</summary>
    /// <param name="currentKeyId">Names the key that new evidence is sealed under.</param>
    /// <param name="keys">Each key by its name, <see cref="KeyBytes"/> random bytes; copied.</param>
    /// <exception cref="ArgumentException">A key has another length or name, or the current one is missing.</exception>
    public LocalEvidenceKeys(string currentKeyId, IEnumerable<KeyValuePair<string, byte[]>> keys)
    {
        ArgumentException.ThrowIfNullOrEmpty(currentKeyId);
        ArgumentNullException.ThrowIfNull(keys);
        foreach ((string id, byte[] key) in keys)
        {
            if (id.Length is 0 or > EvidenceRecord.MaxNameLength || key.Length != KeyBytes)
            {
                throw new ArgumentException(
                    $"A key has {KeyBytes} bytes and a name of 1 to {EvidenceRecord.MaxNameLength} characters.", nameof(keys));
            }

            // Pinned, so that no copy is left behind where the collector moved it.
            byte[] copy = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
            key.CopyTo(copy, 0);
            _keys.Add(id, copy);
        }

        CurrentKeyId = _keys.ContainsKey(currentKeyId)
            ? currentKeyId
            : throw new ArgumentException("The current key is not among the keys.", nameof(currentKeyId));
    }

    /// <inheritdoc/>
    public string CurrentKeyId { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (byte[] key in _keys.Values)
        {
            CryptographicOperations.ZeroMemory(key);
        }

        _keys.Clear();
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> WrapAsync(
        string keyId, ReadOnlyMemory<byte> dataKey, ReadOnlyMemory<byte> associatedData, CancellationToken cancellationToken)
    {
        byte[] wrapped = new byte[NonceBytes + dataKey.Length + TagBytes];
        Span<byte> nonce = wrapped.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm cipher = Cipher(keyId);
        cipher.Encrypt(
            nonce,
            dataKey.Span,
            wrapped.AsSpan(NonceBytes, dataKey.Length),
            wrapped.AsSpan(NonceBytes + dataKey.Length),
            associatedData.Span);
        return ValueTask.FromResult(wrapped);
    }

    /// <inheritdoc/>
    public ValueTask UnwrapAsync(
        string keyId,
        ReadOnlyMemory<byte> wrapped,
        ReadOnlyMemory<byte> associatedData,
        Memory<byte> dataKey,
        CancellationToken cancellationToken)
    {
        using AesGcm cipher = Cipher(keyId);
        if (wrapped.Length != NonceBytes + dataKey.Length + TagBytes)
        {
            throw EvidenceRecord.Damaged();
        }

        try
        {
            ReadOnlySpan<byte> bytes = wrapped.Span;
            cipher.Decrypt(bytes[..NonceBytes], bytes[NonceBytes..^TagBytes], bytes[^TagBytes..], dataKey.Span, associatedData.Span);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw EvidenceRecord.Damaged();
        }

        return ValueTask.CompletedTask;
    }

    private AesGcm Cipher(string keyId)
        => _keys.TryGetValue(keyId, out byte[]? key)
            ? new AesGcm(key, TagBytes)
            : throw new EvidenceException(
                EvidenceError.KeyMissing, "The key that the evidence was sealed under is not among the keys; give it to the provider.");
}
