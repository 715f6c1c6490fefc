using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace SafetySdk.Audit;

/// <summary>
/// Digests of inputs under a key of the host: HMAC-SHA-256 of their SHA-256, so that who has the log but not the key can neither try prompts out nor look
/// pictures up in a list of hashes. Equal inputs have equal digests under the same key. Thread-safe.
/// </summary>
public sealed class InputDigester
{
    /// <summary>Least bytes of a key.</summary>
    public const int MinKeyBytes = 16;

    private const int KeyIdBytes = 8;
    private readonly byte[] _key;

    /// <summary>Creates a digester.</summary>
    /// <param name="key">The key, at least <see cref="MinKeyBytes"/> bytes that nobody can guess; copied.</param>
    /// <exception cref="ArgumentException">The key is too short.</exception>
    public InputDigester(ReadOnlySpan<byte> key)
    {
        if (key.Length < MinKeyBytes)
        {
            throw new ArgumentException($"The key has {key.Length} bytes; at least {MinKeyBytes} are needed.", nameof(key));
        }

        _key = key.ToArray();
        KeyId = Hash("key\0"u8, [])[..(KeyIdBytes * 2)];
    }

    /// <summary>Names the key without telling it: 16 hexadecimal digits.</summary>
    public string KeyId { get; }

    /// <summary>A digester with a random key, good for as long as the process lives.</summary>
    public static InputDigester Ephemeral() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>Digest of a text, 64 hexadecimal digits.</summary>
    /// <param name="text">The text.</param>
    public string OfText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return Hash("text\0"u8, Sha256(buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer)), stackalloc byte[SHA256.HashSizeInBytes]));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>The digest that <see cref="OfText"/> gives to the text of a plain digest.</summary>
    /// <param name="sha256">SHA-256 of the UTF-8 text, 32 bytes.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public string OfTextSha256(ReadOnlySpan<byte> sha256) => Hash("text\0"u8, Checked(sha256));

    /// <summary>Digest of a file, 64 hexadecimal digits.</summary>
    /// <param name="content">Its bytes.</param>
    public string OfFile(ReadOnlySpan<byte> content) => Hash("file\0"u8, Sha256(content, stackalloc byte[SHA256.HashSizeInBytes]));

    /// <summary>The digest that <see cref="OfFile"/> gives to the file of a plain digest.</summary>
    /// <param name="sha256">SHA-256 of the file, 32 bytes.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public string OfFileSha256(ReadOnlySpan<byte> sha256) => Hash("file\0"u8, Checked(sha256));

    /// <summary>Digest of an account's identifier, 64 hexadecimal digits.</summary>
    /// <param name="accountId">The identifier.</param>
    public string OfAccount(string accountId)
    {
        ArgumentNullException.ThrowIfNull(accountId);
        return Hash("account\0"u8, Encoding.UTF8.GetBytes(accountId));
    }

    private static ReadOnlySpan<byte> Sha256(ReadOnlySpan<byte> content, Span<byte> digest)
    {
        SHA256.HashData(content, digest);
        return digest;
    }

    private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> sha256) => sha256.Length == SHA256.HashSizeInBytes
        ? sha256
        : throw new ArgumentException($"A SHA-256 has {SHA256.HashSizeInBytes} bytes, got {sha256.Length}.", nameof(sha256));

    // The domain keeps an account that is named like a prompt from having the prompt's digest.
    private string Hash(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(domain);
        hash.AppendData(content);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return Convert.ToHexStringLower(digest);
    }
}
