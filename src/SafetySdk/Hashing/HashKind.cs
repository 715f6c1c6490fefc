using SafetySdk.Images;

namespace SafetySdk.Hashing;

/// <summary>The hashes that the library computes. <see cref="HashKinds"/> gives their names and sizes.</summary>
public enum HashKind
{
    /// <summary>PDQ, perceptual, 256 bits.</summary>
    Pdq,

    /// <summary>imagehash's perceptual hash, 64 bits.</summary>
    PHash,

    /// <summary>imagehash's difference hash, 64 bits.</summary>
    DHash,

    /// <summary>imagehash's average hash, 64 bits.</summary>
    AHash,

    /// <summary>MD5 of the file's bytes.</summary>
    Md5,

    /// <summary>SHA-1 of the file's bytes.</summary>
    Sha1,

    /// <summary>SHA-256 of the file's bytes.</summary>
    Sha256,

    /// <summary>imagehash's perceptual hash with a <c>hash_size</c> of 16, 256 bits.</summary>
    PHash16,
}

/// <summary>A computed hash as text.</summary>
/// <param name="Kind">Which hash.</param>
/// <param name="Text">Lower-case hexadecimal digits.</param>
/// <param name="Quality">PDQ's quality, 0 to 100; null for the other hashes, which have none.</param>
public sealed record HashText(HashKind Kind, string Text, int? Quality)
{
    /// <summary>Does not show the hash.</summary>
    public override string ToString() => $"{nameof(HashText)} {{ {Kind.Name()} }}";
}

/// <summary>The one place that knows the hashes' names and sizes.</summary>
public static class HashKinds
{
    // In the order of the enumeration.
    private static readonly (string Name, int Bytes)[] Known =
        [("pdq", PdqHash.ByteCount), ("phash", 8), ("dhash", 8), ("ahash", 8), ("md5", 16), ("sha1", 20), ("sha256", 32), ("phash16", ImageHash256.ByteCount)];

    /// <summary>All of them, in the order of the enumeration.</summary>
    public static IReadOnlyList<HashKind> All { get; } = Enum.GetValues<HashKind>();

    /// <summary>The name on the command line, in lists and in results, for example <c>pdq</c>.</summary>
    /// <param name="kind">A defined kind.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined kind.</exception>
    public static string Name(this HashKind kind) => Find(kind).Name;

    /// <summary>Bytes of a hash; its text has twice as many digits.</summary>
    /// <param name="kind">A defined kind.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined kind.</exception>
    public static int ByteCount(this HashKind kind) => Find(kind).Bytes;

    /// <summary>Whether it is a digest of the file's bytes, which only finds exact copies.</summary>
    /// <param name="kind">A defined kind.</param>
    public static bool IsExact(this HashKind kind) => kind is HashKind.Md5 or HashKind.Sha1 or HashKind.Sha256;

    /// <summary>Finds a kind by its name.</summary>
    /// <param name="name">The name, of either case.</param>
    /// <param name="kind">The kind.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> name, out HashKind kind)
    {
        foreach (HashKind candidate in All)
        {
            if (name.Equals(candidate.Name(), StringComparison.OrdinalIgnoreCase))
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }

    /// <summary>Computes a hash.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="encoded">The file's bytes; used by the exact kinds.</param>
    /// <param name="image">The decoded picture; used by the perceptual kinds, may be null for the exact ones.</param>
    /// <param name="profile">PDQ's convention; ignored by the others.</param>
    /// <exception cref="ArgumentNullException">A perceptual kind without a picture.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined kind.</exception>
    public static HashText Compute(
        HashKind kind, ReadOnlySpan<byte> encoded, PixelBuffer? image, PdqProfile profile = PdqProfile.Full)
    {
        if (kind.IsExact())
        {
            return new HashText(kind, FileDigests.Text(kind, encoded), null);
        }

        ArgumentNullException.ThrowIfNull(image);
        if (kind == HashKind.Pdq)
        {
            PdqResult result = PdqHasher.Hash(image, profile);
            return new HashText(kind, result.Hash.ToString(), result.Quality);
        }

        if (kind == HashKind.PHash16)
        {
            return new HashText(kind, PHash.Hash16(image).ToString(), null);
        }

        ImageHash64 hash = kind switch
        {
            HashKind.PHash => PHash.Hash(image),
            HashKind.DHash => DHash.Hash(image),
            HashKind.AHash => AHash.Hash(image),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        return new HashText(kind, hash.ToString(), null);
    }

    private static (string Name, int Bytes) Find(HashKind kind)
        => (uint)kind < (uint)Known.Length ? Known[(int)kind] : throw new ArgumentOutOfRangeException(nameof(kind));
}
