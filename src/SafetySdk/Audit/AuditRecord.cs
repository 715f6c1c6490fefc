using System.Text;

namespace SafetySdk.Audit;

/// <summary>
/// One record of the log: a line of JSON, kept byte for byte. Its last member is the SHA-256 of all bytes before that member, and one of
/// its first is the hash of the record before it.
/// </summary>
/// <param name="sequence">Number of the record, 1 for the first.</param>
/// <param name="line">The line, without its end. Belongs to the record from here on.</param>
public sealed class AuditRecord(long sequence, ReadOnlyMemory<byte> line)
{
    /// <summary>Most bytes of a line.</summary>
    public const int MaxLineBytes = 1 << 20;

    /// <summary>Digits of a hash.</summary>
    public const int HashDigits = 64;

    /// <summary>Number of the record, 1 for the first.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>The line: UTF-8 JSON without its end. As it was kept: whether it is what was written is for the verification to say.</summary>
    public ReadOnlyMemory<byte> Line { get; } = line;

    /// <summary>The hash that the line ends with, not checked; empty where the line is too short to have one.</summary>
    public string Hash => Line.Length < SealLength ? string.Empty : Encoding.ASCII.GetString(Line.Span[^(HashDigits + 2)..^2]);

    // ,"hash":"<64 digits>"}
    internal static ReadOnlySpan<byte> SealStart => ",\"hash\":\""u8;

    internal const int SealLength = 9 + HashDigits + 2;
}
