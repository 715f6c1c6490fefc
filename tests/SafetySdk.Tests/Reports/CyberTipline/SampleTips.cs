using System.Net;
using SafetySdk.Reports.CyberTipline;

namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>Reports for tests: whatever could name somebody carries a mark.</summary>
internal static class SampleTips
{
    public const string Mark = "zq-mark-of-a-person";

    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    public static CyberTip Minimal { get; } = new()
    {
        Incident = CyberTipIncident.AbuseMaterial,
        IncidentTime = Now,
        Reporter = new CyberTipReporter(new CyberTipPerson { Email = $"{Mark}@example.test" }),
    };

    public static CyberTip Full { get; } = Minimal with
    {
        IncidentTimeNote = "time of upload",
        EscalationReason = $"urgent {Mark}",
        Annotations = CyberTipAnnotations.Spam | CyberTipAnnotations.Sextortion,
        Places =
        [
            new CyberTipPlace(CyberTipPlaceKind.WebPage) { Urls = [new Uri($"https://example.test/{Mark}")], AdditionalInfo = Mark },
            new CyberTipPlace(CyberTipPlaceKind.Chat) { ChatClient = "assistant", ChatRoom = Mark, ChatContent = Mark, AdditionalInfo = Mark },
        ],
        Reporter = new CyberTipReporter(new CyberTipPerson { FirstName = Mark, LastName = Mark, Phone = "1", Email = $"{Mark}@example.test" })
        {
            Contact = new CyberTipPerson { Email = $"law-{Mark}@example.test" },
            CompanyTemplate = "template",
            TermsOfService = "terms",
            LegalUrl = new Uri("https://example.test/legal"),
        },
        Reported = new ReportedUser
        {
            Person = new CyberTipPerson { FirstName = Mark },
            AccountId = Mark,
            Service = "pictures",
            ScreenName = Mark,
            DisplayNames = [Mark, "two"],
            ProfileUrls = [new Uri($"https://example.test/u/{Mark}")],
            Addresses =
            [
                new AddressCapture(IPAddress.Parse("2001:db8::1"), AddressEvent.Upload) { Time = Now, PossibleProxy = false, Port = 443 },
                new AddressCapture(IPAddress.Parse("192.0.2.1"), AddressEvent.Login),
            ],
            PriorReports = [123, 456],
            AdditionalInfo = Mark,
        },
        Origin = CyberTipOrigin.UserReport,
        AdditionalInfo = Mark,
    };

    public static CyberTipFile File(string evidence) => new(evidence)
    {
        OriginalName = $"{Mark}.png",
        Location = new Uri($"https://example.test/f/{Mark}"),
        Viewed = false,
        MetadataViewed = true,
        PubliclyAvailable = false,
        Annotations = CyberTipFileAnnotations.GenerativeAi | CyberTipFileAnnotations.PotentialMeme,
        Classification = IndustryClassification.B2,
        Hashes = [new CyberTipHash("MD5", "00112233445566778899aabbccddeeff"), new CyberTipHash("PDQ", Mark)],
        Addresses = [new AddressCapture(IPAddress.Loopback, AddressEvent.Upload)],
        AdditionalInfo = Mark,
    };
}
