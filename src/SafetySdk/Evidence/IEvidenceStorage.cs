namespace SafetySdk.Evidence;

/// <summary>Something that a storage holds.</summary>
/// <param name="Name">Its name.</param>
/// <param name="WrittenAt">When it was written last.</param>
public readonly record struct EvidenceObject(string Name, DateTimeOffset WrittenAt);

/// <summary>
/// Where sealed evidence lies. It sees ciphertext, wrapped keys and times only. Names are lower-case letters, digits and one dot.
/// <see cref="EvidenceFolder"/> keeps files; a host may have its own. Thread-safe.
/// </summary>
/// <remarks>What goes wrong is thrown as <see cref="EvidenceException"/> with <see cref="EvidenceError.Storage"/>.</remarks>
public interface IEvidenceStorage
{
    /// <summary>Puts a whole object in place, new or in the place of the old one: durably when the task ends, or not at all.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes it. What it throws is passed on, and nothing is kept.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask WriteAsync(string name, Func<Stream, CancellationToken, ValueTask> write, CancellationToken cancellationToken);

    /// <summary>Opens an object.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Its bytes, with a length; the caller disposes it. Null where there is none.</returns>
    ValueTask<Stream?> OpenReadAsync(string name, CancellationToken cancellationToken);

    /// <summary>Erases an object as thoroughly as the medium allows; durably when the task ends.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False where there was none.</returns>
    ValueTask<bool> EraseAsync(string name, CancellationToken cancellationToken);

    /// <summary>What is there, in no order.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    IAsyncEnumerable<EvidenceObject> ListAsync(CancellationToken cancellationToken);
}
