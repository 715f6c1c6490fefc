namespace SafetySdk.Audit;

/// <summary>
/// The end of an audit chain: whoever keeps it elsewhere can later tell whether the log still holds everything up to there.
/// </summary>
/// <param name="Sequence">Sequence of the last record; 0 where there is none.</param>
/// <param name="Hash">Its hash, 64 hexadecimal digits.</param>
public readonly record struct AuditHead(long Sequence, string Hash)
{
    /// <summary>The head of a log without records.</summary>
    public static AuditHead Empty { get; } = new(0, new string('0', AuditRecord.HashDigits));

    /// <summary>The form in which it is kept: <c>SEQUENCE:HASH</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Sequence}:{Hash}");

    /// <summary>Reads <see cref="ToString"/>'s form.</summary>
    /// <param name="text">The text.</param>
    /// <param name="head">The head.</param>
    public static bool TryParse(string? text, out AuditHead head)
    {
        head = Empty;
        if (text?.Split(':') is not [var sequence, { Length: AuditRecord.HashDigits } hash]
            || !hash.All(char.IsAsciiHexDigitLower)
            || !long.TryParse(
                sequence, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }

        head = new AuditHead(number, hash);
        return true;
    }
}
