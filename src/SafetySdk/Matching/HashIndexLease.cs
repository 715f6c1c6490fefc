namespace SafetySdk.Matching;

/// <summary>One version of an index, kept whole until this is disposed, whatever becomes of the index meanwhile.</summary>
/// <remarks>Dispose it exactly once, soon: the memory and the disk space of a version that was replaced are released only then.</remarks>
public readonly struct HashIndexLease : IDisposable
{
    internal HashIndexLease(HashIndex index) => Index = index;

    /// <summary>The version. Not for use after <see cref="Dispose"/>; not to be disposed itself.</summary>
    public HashIndex Index { get; }

    /// <summary>Gives the version back.</summary>
    public void Dispose() => Index?.Release();
}
