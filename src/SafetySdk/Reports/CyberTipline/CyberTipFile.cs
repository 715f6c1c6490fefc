namespace SafetySdk.Reports.CyberTipline;

/// <summary>The industry's classes of abuse material.</summary>
public enum IndustryClassification
{
    /// <summary>Not classified.</summary>
    None = 0,

    /// <summary>Prepubescent, sexual act.</summary>
    A1,

    /// <summary>Prepubescent, lascivious or nude.</summary>
    A2,

    /// <summary>Pubescent, sexual act.</summary>
    B1,

    /// <summary>Pubescent, lascivious or nude.</summary>
    B2,
}

/// <summary>Tags of a file.</summary>
[Flags]
public enum CyberTipFileAnnotations
{
    /// <summary>No tag.</summary>
    None = 0,

    /// <summary>Drawn or rendered, not photographed.</summary>
    AnimeDrawingVirtual = 1 << 0,

    /// <summary>May be a meme.</summary>
    PotentialMeme = 1 << 1,

    /// <summary>Spreads widely.</summary>
    Viral = 1 << 2,

    /// <summary>May have been made by the child.</summary>
    PossibleSelfProduction = 1 << 3,

    /// <summary>Physical harm.</summary>
    PhysicalHarm = 1 << 4,

    /// <summary>Violence or gore.</summary>
    ViolenceGore = 1 << 5,

    /// <summary>Bestiality.</summary>
    Bestiality = 1 << 6,

    /// <summary>From a live stream.</summary>
    LiveStreaming = 1 << 7,

    /// <summary>An infant.</summary>
    Infant = 1 << 8,

    /// <summary>Made by generative artificial intelligence.</summary>
    GenerativeAi = 1 << 9,
}

/// <summary>What a file is to a report.</summary>
public enum CyberTipFileRelevance
{
    /// <summary>The content that is reported.</summary>
    Reported = 0,

    /// <summary>Goes with it.</summary>
    Supplemental,
}

/// <summary>Digest of a file as the user uploaded it.</summary>
/// <param name="Type">Name of the algorithm: <c>MD5</c>, <c>SHA1</c>, <c>SHA256</c>, <c>PDQ</c>, <c>PhotoDNA</c>...</param>
/// <param name="Value">The digest.</param>
public sealed record CyberTipHash(string Type, string Value)
{
    /// <summary>Says the algorithm only.</summary>
    public override string ToString() => $"{nameof(CyberTipHash)} {{ {Type} }}";
}

/// <summary>A file of a report.</summary>
/// <param name="EvidenceId">The sealed evidence that holds its content.</param>
public sealed record CyberTipFile(string EvidenceId)
{
    /// <summary>The name that the user gave it.</summary>
    public string? OriginalName { get; init; }

    /// <summary>Where it lay.</summary>
    public Uri? Location { get; init; }

    /// <summary>
    /// Whether a person of the reporter looked at all of it; null where nobody can tell. It decides whether law enforcement needs a
    /// warrant to open it: a match of hashes is no viewing.
    /// </summary>
    public bool? Viewed { get; init; }

    /// <summary>Whether a person of the reporter looked at its metadata; null where nobody can tell.</summary>
    public bool? MetadataViewed { get; init; }

    /// <summary>Whether everybody could get all of it; null where nobody can tell.</summary>
    public bool? PubliclyAvailable { get; init; }

    /// <summary>What it is to the report.</summary>
    public CyberTipFileRelevance Relevance { get; init; }

    /// <summary>Tags, <see cref="CyberTipFileAnnotations.GenerativeAi"/> among them for what a model made.</summary>
    public CyberTipFileAnnotations Annotations { get; init; }

    /// <summary>Class, where somebody or a list gave one.</summary>
    public IndustryClassification Classification { get; init; }

    /// <summary>Digests of the original.</summary>
    public IReadOnlyList<CyberTipHash> Hashes { get; init; } = [];

    /// <summary>Addresses that it came from.</summary>
    public IReadOnlyList<AddressCapture> Addresses { get; init; } = [];

    /// <summary>What else there is to say.</summary>
    public string? AdditionalInfo { get; init; }

    /// <summary>Says what it is to the report only.</summary>
    public override string ToString() => $"{nameof(CyberTipFile)} {{ {Relevance}, {Classification} }}";
}
