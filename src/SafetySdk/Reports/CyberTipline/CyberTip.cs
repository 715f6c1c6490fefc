using System.Net;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>What the CyberTipline calls an incident; one of eight.</summary>
public enum CyberTipIncident
{
    /// <summary>Not said; refused.</summary>
    None = 0,

    /// <summary>Possession, manufacture and distribution of abuse material; the type of a match with known content.</summary>
    AbuseMaterial,

    /// <summary>Child sex trafficking.</summary>
    SexTrafficking,

    /// <summary>Child sex tourism.</summary>
    SexTourism,

    /// <summary>Child sexual molestation.</summary>
    SexualMolestation,

    /// <summary>A domain name that misleads.</summary>
    MisleadingDomainName,

    /// <summary>Words or digital images that mislead.</summary>
    MisleadingWordsOrImages,

    /// <summary>Online enticement of children.</summary>
    OnlineEnticement,

    /// <summary>Obscene material sent to a child.</summary>
    ObsceneMaterialSentToChild,
}

/// <summary>Tags of a report.</summary>
[Flags]
public enum CyberTipAnnotations
{
    /// <summary>No tag.</summary>
    None = 0,

    /// <summary>Sextortion.</summary>
    Sextortion = 1,

    /// <summary>Somebody asks for abuse material.</summary>
    Solicitation = 2,

    /// <summary>Between minors.</summary>
    MinorToMinor = 4,

    /// <summary>Spam.</summary>
    Spam = 8,

    /// <summary>Sadistic online exploitation.</summary>
    SadisticExploitation = 16,
}

/// <summary>Where a report comes from.</summary>
public enum CyberTipOrigin
{
    /// <summary>A check of the reporter found it.</summary>
    Detection = 0,

    /// <summary>A user reported it.</summary>
    UserReport,
}

/// <summary>A report to the CyberTipline, as far as it is known before it is filed. Elements that are null or empty are left out.</summary>
/// <remarks>
/// The order of elements is the writer's business (<see cref="CyberTipXml"/>): no order of setting them can make a report invalid.
/// </remarks>
public sealed record CyberTip
{
    /// <summary>Most characters of <see cref="EscalationReason"/> and of <see cref="CyberTipReporter.TermsOfService"/>.</summary>
    public const int MaxShortText = 3000;

    /// <summary>Most characters of any other text; a limit of this library.</summary>
    public const int MaxText = 32_768;

    /// <summary>Most files, addresses, names and so on of one kind; a limit of this library.</summary>
    public const int MaxItems = 1000;

    /// <summary>What happened.</summary>
    public required CyberTipIncident Incident { get; init; }

    /// <summary>When it happened; not in the future.</summary>
    public required DateTimeOffset IncidentTime { get; init; }

    /// <summary>What the time means, for example when the picture was uploaded.</summary>
    public string? IncidentTimeNote { get; init; }

    /// <summary>Why the report is urgent, for example that a child is in danger now. Anything but null makes it so.</summary>
    public string? EscalationReason { get; init; }

    /// <summary>Tags.</summary>
    public CyberTipAnnotations Annotations { get; init; }

    /// <summary>Where on the internet it happened.</summary>
    public IReadOnlyList<CyberTipPlace> Places { get; init; } = [];

    /// <summary>Who reports.</summary>
    public required CyberTipReporter Reporter { get; init; }

    /// <summary>Who is reported; null where nobody is known.</summary>
    public ReportedUser? Reported { get; init; }

    /// <summary>Whether a check or a user found it. The schema has no element for it: it is said in the additional information.</summary>
    public CyberTipOrigin Origin { get; init; }

    /// <summary>What else there is to say.</summary>
    public string? AdditionalInfo { get; init; }

    /// <summary>The files, in the order in which they are sent.</summary>
    public IReadOnlyList<CyberTipFile> Files { get; init; } = [];

    /// <summary>Says the incident and the number of files only.</summary>
    public override string ToString() => $"{nameof(CyberTip)} {{ {Incident}, {Files.Count} files }}";
}

/// <summary>Kinds of places that can be reported.</summary>
public enum CyberTipPlaceKind
{
    /// <summary>A page of the web.</summary>
    WebPage = 0,

    /// <summary>A chat, an assistant among them.</summary>
    Chat,
}

/// <summary>Where on the internet an incident happened.</summary>
/// <param name="Kind">Which kind of place.</param>
public sealed record CyberTipPlace(CyberTipPlaceKind Kind)
{
    /// <summary>Addresses; of a web page only.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>The service; of a chat only.</summary>
    public string? ChatClient { get; init; }

    /// <summary>The room; of a chat only.</summary>
    public string? ChatRoom { get; init; }

    /// <summary>What was written; of a chat only.</summary>
    public string? ChatContent { get; init; }

    /// <summary>What else there is to say.</summary>
    public string? AdditionalInfo { get; init; }

    /// <summary>Says the kind only.</summary>
    public override string ToString() => $"{nameof(CyberTipPlace)} {{ {Kind} }}";
}

/// <summary>A person who reports or answers questions.</summary>
public sealed record CyberTipPerson
{
    /// <summary>First name.</summary>
    public string? FirstName { get; init; }

    /// <summary>Last name.</summary>
    public string? LastName { get; init; }

    /// <summary>Telephone number.</summary>
    public string? Phone { get; init; }

    /// <summary>E-mail address; demanded of the person who reports.</summary>
    public string? Email { get; init; }

    /// <summary>Names nobody.</summary>
    public override string ToString() => nameof(CyberTipPerson);
}

/// <summary>Who reports.</summary>
/// <param name="Person">The person who reports; needs an e-mail address.</param>
public sealed record CyberTipReporter(CyberTipPerson Person)
{
    /// <summary>Whom law enforcement asks, if not <see cref="Person"/>.</summary>
    public CyberTipPerson? Contact { get; init; }

    /// <summary>What the company says in every report: how to serve legal process, how long data is kept.</summary>
    public string? CompanyTemplate { get; init; }

    /// <summary>The terms of service that matter here; at most <see cref="CyberTip.MaxShortText"/> characters.</summary>
    public string? TermsOfService { get; init; }

    /// <summary>A page with more about legal process.</summary>
    public Uri? LegalUrl { get; init; }

    /// <summary>Names nobody.</summary>
    public override string ToString() => nameof(CyberTipReporter);
}

/// <summary>What somebody did from an address.</summary>
public enum AddressEvent
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>Logged in.</summary>
    Login,

    /// <summary>Registered.</summary>
    Registration,

    /// <summary>Bought something.</summary>
    Purchase,

    /// <summary>Uploaded something.</summary>
    Upload,

    /// <summary>Something else.</summary>
    Other,
}

/// <summary>An address that somebody was seen at.</summary>
/// <param name="Address">The address.</param>
/// <param name="Event">What was done from there.</param>
public sealed record AddressCapture(IPAddress Address, AddressEvent Event)
{
    /// <summary>When; null where it is not known.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Whether it may be a proxy's; null where it is not known.</summary>
    public bool? PossibleProxy { get; init; }

    /// <summary>Port; null where it is not known.</summary>
    public ushort? Port { get; init; }

    /// <summary>Names no address.</summary>
    public override string ToString() => $"{nameof(AddressCapture)} {{ {Event} }}";
}

/// <summary>Who is reported.</summary>
public sealed record ReportedUser
{
    /// <summary>The person, as far as known.</summary>
    public CyberTipPerson? Person { get; init; }

    /// <summary>The account in the reporter's system.</summary>
    public string? AccountId { get; init; }

    /// <summary>The reporter's product or service.</summary>
    public string? Service { get; init; }

    /// <summary>User name.</summary>
    public string? ScreenName { get; init; }

    /// <summary>Names that are shown.</summary>
    public IReadOnlyList<string> DisplayNames { get; init; } = [];

    /// <summary>Pages of the user.</summary>
    public IReadOnlyList<Uri> ProfileUrls { get; init; } = [];

    /// <summary>Addresses of the user.</summary>
    public IReadOnlyList<AddressCapture> Addresses { get; init; } = [];

    /// <summary>Earlier reports on the user, as the CyberTipline numbers them.</summary>
    public IReadOnlyList<long> PriorReports { get; init; } = [];

    /// <summary>What else there is to say, for example that the account was suspended.</summary>
    public string? AdditionalInfo { get; init; }

    /// <summary>Names nobody.</summary>
    public override string ToString() => nameof(ReportedUser);
}
