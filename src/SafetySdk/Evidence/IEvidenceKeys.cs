namespace SafetySdk.Evidence;

/// <summary>
/// The host's keys: wraps the key that a piece of evidence is sealed under. A key management service can implement it without giving its
/// keys away; <see cref="LocalEvidenceKeys"/> holds them in memory. Thread-safe.
/// </summary>
public interface IEvidenceKeys
{
    /// <summary>Names the key that new evidence is sealed under; 1 to 100 characters, no secret.</summary>
    string CurrentKeyId { get; }

    /// <summary>Wraps a data key, authenticated together with what it belongs to.</summary>
    /// <param name="keyId">The wrapping key.</param>
    /// <param name="dataKey">32 bytes; the caller erases them.</param>
    /// <param name="associatedData">What it belongs to.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The wrapped key, at most 4,096 bytes.</returns>
    /// <exception cref="EvidenceException"><see cref="EvidenceError.KeyMissing"/>.</exception>
    ValueTask<byte[]> WrapAsync(
        string keyId, ReadOnlyMemory<byte> dataKey, ReadOnlyMemory<byte> associatedData, CancellationToken cancellationToken);

    /// <summary>Unwraps a data key.</summary>
    /// <param name="keyId">The wrapping key.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <param name="associatedData">What it belongs to.</param>
    /// <param name="dataKey">Receives 32 bytes; the caller erases them.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="EvidenceException"><see cref="EvidenceError.KeyMissing"/> where there is no such key;
    /// <see cref="EvidenceError.Damaged"/> where key, data or what it belongs to do not fit each other.</exception>
    ValueTask UnwrapAsync(
        string keyId,
        ReadOnlyMemory<byte> wrapped,
        ReadOnlyMemory<byte> associatedData,
        Memory<byte> dataKey,
        CancellationToken cancellationToken);
}
