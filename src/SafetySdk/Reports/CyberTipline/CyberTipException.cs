namespace SafetySdk.Reports.CyberTipline;

/// <summary>A report cannot be written as it is. The message names the part that is wrong, never what is in it.</summary>
public sealed class CyberTipException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="part">The part that is wrong, as the schema calls it.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    public CyberTipException(string part, string reason)
        : base($"{part}: {reason}")
        => Part = part;

    /// <summary>The part that is wrong, as the schema calls it.</summary>
    public string Part { get; }
}
