using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace SafetySdk.Hashing;

/// <summary>Which of the two incompatible public conventions a PDQ hash follows.</summary>
public enum PdqProfile
{
    /// <summary>The picture at its full size: python-threatexchange, HMA, the Java reference. The default.</summary>
    Full,

    /// <summary>Above 512 pixels a side, nearest-neighbour to exactly 512 × 512 first: the C++ command line and the WASM build.</summary>
    Cpp512,
}

/// <summary>A PDQ hash and how much detail it stands on.</summary>
/// <param name="Hash">The hash. Noise where <see cref="HasEnoughDetail"/> is false.</param>
/// <param name="Quality">0 (flat) to 100.</param>
public readonly record struct PdqResult(PdqHash Hash, int Quality)
{
    /// <summary>Whether the hash may be compared: quality at least <see cref="PdqHasher.QualityGate"/>.</summary>
    public bool HasEnoughDetail => Quality >= PdqHasher.QualityGate;

    /// <summary>Does not show the hash; <see cref="PdqHash.ToString"/> does.</summary>
    public override string ToString() => $"{nameof(PdqResult)} {{ quality {Quality} }}";
}

/// <summary>The PDQ hashes of a picture in all eight orientations. They come from one transform and may differ by a few bits from
/// hashing the turned picture.</summary>
public readonly struct PdqDihedralResult
{
    private readonly EightHashes _hashes;

    internal PdqDihedralResult(ReadOnlySpan<PdqHash> hashes, int quality)
    {
        hashes.CopyTo(_hashes);
        Quality = quality;
    }

    /// <summary>0 (flat) to 100; the same for all orientations.</summary>
    public int Quality { get; }

    /// <summary>Whether the hashes may be compared: quality at least <see cref="PdqHasher.QualityGate"/>.</summary>
    public bool HasEnoughDetail => Quality >= PdqHasher.QualityGate;

    /// <summary>The eight hashes in the order of <see cref="PdqForm"/>. The span lives as long as this value.</summary>
    [UnscopedRef]
    public ReadOnlySpan<PdqHash> Hashes => _hashes;

    /// <summary>The hash of one orientation.</summary>
    /// <param name="form">The orientation.</param>
    /// <exception cref="IndexOutOfRangeException">Not a defined orientation.</exception>
    public PdqHash this[PdqForm form] => _hashes[(int)form];

    [InlineArray(PdqForms.Count)]
    private struct EightHashes
    {
        private PdqHash _first;
    }
}
