using System.Security.Cryptography;

namespace SafetySdk.Hashing;

/// <summary>Digests over a file's bytes, to find exact copies on lists.</summary>
/// <remarks>Not for security: lists of known content still use MD5 and SHA-1. Thread-safe.</remarks>
public static class FileDigests
{
    /// <summary>MD5 as 32 lower-case hexadecimal digits.</summary>
    /// <param name="encoded">The file's bytes.</param>
    public static string Md5(ReadOnlySpan<byte> encoded) => Text(HashKind.Md5, encoded);

    /// <summary>SHA-1 as 40 lower-case hexadecimal digits.</summary>
    /// <param name="encoded">The file's bytes.</param>
    public static string Sha1(ReadOnlySpan<byte> encoded) => Text(HashKind.Sha1, encoded);

    /// <summary>SHA-256 as 64 lower-case hexadecimal digits.</summary>
    /// <param name="encoded">The file's bytes.</param>
    public static string Sha256(ReadOnlySpan<byte> encoded) => Text(HashKind.Sha256, encoded);

    /// <summary>Writes the digest of one of the three exact kinds.</summary>
    /// <param name="kind">MD5, SHA-1 or SHA-256.</param>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="digest">At least as long as the digest.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Not an exact kind.</exception>
    public static int Compute(HashKind kind, ReadOnlySpan<byte> encoded, Span<byte> digest) => kind switch
    {
#pragma warning disable CA5350, CA5351 // the lists' algorithms, see above
        HashKind.Md5 => MD5.HashData(encoded, digest),
        HashKind.Sha1 => SHA1.HashData(encoded, digest),
#pragma warning restore CA5350, CA5351
        HashKind.Sha256 => SHA256.HashData(encoded, digest),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The digest of one of the three exact kinds as lower-case hexadecimal digits.</summary>
    internal static string Text(HashKind kind, ReadOnlySpan<byte> encoded)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        return Convert.ToHexStringLower(digest[..Compute(kind, encoded, digest)]);
    }
}
