using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SafetySdk.Evidence;

/// <summary>
/// Content in chunks, each sealed with AES-256-GCM: its nonce is its position and whether it is the last, its associated data the evidence
/// and its purpose. So a chunk opens only at its place, and a cut between two chunks leaves no last one (the STREAM construction, Hoang,
/// Reyhanitabar, Rogaway, Vizár 2015). Not thread-safe.
/// </summary>
/// <param name="key">Data key, 32 bytes, used for this content only.</param>
/// <param name="record">Identifier and purpose.</param>
internal sealed class SealedChunks(ReadOnlySpan<byte> key, EvidenceRecord record) : IDisposable
{
    /// <summary>Bytes of content in each chunk but the last.</summary>
    public const int ContentBytes = 64 * 1024;

    /// <summary>Bytes that a chunk is longer than its content.</summary>
    public const int TagBytes = 16;

    private const int NonceBytes = 12;

    private readonly AesGcm _cipher = new(key, TagBytes);
    private readonly byte[] _belongsTo =
        SHA256.HashData(Encoding.UTF8.GetBytes($"safety-evidence-chunk-v1\0{record.Id}\0{record.Purpose}"));
    private readonly byte[] _nonce = new byte[NonceBytes];

    /// <summary>Chunks of a content; one even where it is empty.</summary>
    public static long Count(long length) => length == 0 ? 1 : ((length - 1) / ContentBytes) + 1;

    /// <summary>Length of a content once it is sealed.</summary>
    public static long SealedLength(long length) => length + (Count(length) * TagBytes);

    public void Dispose() => _cipher.Dispose();

    /// <summary>Seals a chunk; <paramref name="output"/> is longer by <see cref="TagBytes"/>.</summary>
    public void Seal(long position, bool last, ReadOnlySpan<byte> content, Span<byte> output)
        => _cipher.Encrypt(Nonce(position, last), content, output[..content.Length], output[content.Length..], _belongsTo);

    /// <summary>Opens a chunk; <paramref name="output"/> is shorter by <see cref="TagBytes"/>.</summary>
    /// <exception cref="EvidenceException">It is not the chunk of this place.</exception>
    public void Open(long position, bool last, ReadOnlySpan<byte> chunk, Span<byte> output)
    {
        try
        {
            _cipher.Decrypt(Nonce(position, last), chunk[..^TagBytes], chunk[^TagBytes..], output, _belongsTo);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw EvidenceRecord.Damaged();
        }
    }

    private byte[] Nonce(long position, bool last)
    {
        BinaryPrimitives.WriteInt64BigEndian(_nonce, position);
        _nonce[^1] = last ? (byte)1 : (byte)0;
        return _nonce;
    }
}
