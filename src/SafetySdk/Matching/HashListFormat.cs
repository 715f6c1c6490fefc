namespace SafetySdk.Matching;

/// <summary>The formats of lists that are read.</summary>
public enum HashListFormat
{
    /// <summary>One hash a line, as <see cref="HashListReader"/> describes.</summary>
    Text,

    /// <summary>NCMEC hash sharing v2, XML.</summary>
    Ncmec,

    /// <summary>StopNCII v1, JSON.</summary>
    StopNcii,

    /// <summary>Tech Against Terrorism (TCAP) hash list v2, JSON.</summary>
    TechAgainstTerrorism,

    /// <summary>ThreatExchange or HMA, comma-separated with a header line.</summary>
    ThreatExchangeCsv,

    /// <summary>ThreatExchange or HMA, JSON.</summary>
    ThreatExchangeJson,

    /// <summary>vPDQ: <c>frame,quality,hash,timestamp</c> lines, or a JSON array of <c>"hash,quality,timestamp"</c>.</summary>
    VPdq,

    /// <summary>Records as this library writes them, one JSON object a line.</summary>
    Records,
}

/// <summary>Names of the formats on the command line.</summary>
public static class HashListFormats
{
    private static readonly string[] Names =
        ["text", "ncmec", "stopncii", "tat", "threatexchange-csv", "threatexchange-json", "vpdq", "records"];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> AllNames => Names;

    /// <summary>The name, for example <c>ncmec</c>.</summary>
    /// <param name="format">A defined format.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined format.</exception>
    public static string Name(this HashListFormat format)
        => (uint)format < (uint)Names.Length ? Names[(int)format] : throw new ArgumentOutOfRangeException(nameof(format));

    /// <summary>Finds a format by its name.</summary>
    /// <param name="name">The name, lower case.</param>
    /// <param name="format">The format.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryParse(string name, out HashListFormat format)
    {
        int at = Array.IndexOf(Names, name);
        format = (HashListFormat)Math.Max(at, 0);
        return at >= 0;
    }
}
