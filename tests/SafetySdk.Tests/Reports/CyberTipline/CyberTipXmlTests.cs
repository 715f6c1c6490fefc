using System.Text;
using System.Xml.Linq;
using SafetySdk.Reports.CyberTipline;

namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>Reports are written as the schema wants them, or refused.</summary>
public sealed class CyberTipXmlTests
{
    [Fact]
    public void A_minimal_report_has_what_is_demanded_and_nothing_else()
        => Assert.Equal(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><report><incidentSummary>"
                + "<incidentType>Child Pornography (possession, manufacture, and distribution)</incidentType>"
                + "<incidentDateTime>2026-11-25T12:00:00.000Z</incidentDateTime></incidentSummary><reporter><reportingPerson>"
                + $"<email>{SampleTips.Mark}@example.test</email></reportingPerson></reporter></report>",
            Text(CyberTipXml.Report(SampleTips.Minimal, SampleTips.Now)));

    [Fact]
    public void A_full_report_is_in_order_and_says_everything()
    {
        var report = XElement.Parse(Text(CyberTipXml.Report(SampleTips.Full, SampleTips.Now)));
        Assert.True(TiplineServer.Schema.IsReport(report));
        Assert.Equal(["sextortion", "spam"], Names(report.Element("incidentSummary")!.Element("reportAnnotations")!));
        Assert.Equal(["webPageIncident", "chatImIncident"], report.Elements("internetDetails").SelectMany(Names));
        XElement user = report.Element("personOrUserReported")!;
        Assert.Equal([SampleTips.Mark, "two"], user.Elements("displayName").Select(e => e.Value));
        Assert.Equal(["123", "456"], user.Elements("priorCTReports").Select(e => e.Value));
        Assert.Equal(["2001:db8::1", "192.0.2.1"], user.Elements("ipCaptureEvent").Select(e => e.Element("ipAddress")!.Value));
        Assert.Equal("443", user.Element("ipCaptureEvent")!.Element("port")!.Value);
        Assert.Equal($"Reported to us by a user. {SampleTips.Mark}", report.Element("additionalInfo")!.Value);
    }

    [Fact]
    public void File_details_are_in_order_and_say_everything()
    {
        var details = XElement.Parse(Text(CyberTipXml.FileDetails(SampleTips.File("e"), "1", "f")));
        Assert.True(TiplineServer.Schema.IsFileDetails(details));
        Assert.Equal("false", details.Element("fileViewedByEsp")!.Value);
        Assert.Equal("Reported", details.Element("fileRelevance")!.Value);
        Assert.Equal(["potentialMeme", "generativeAi"], Names(details.Element("fileAnnotations")!));
        Assert.Equal("B2", details.Element("industryClassification")!.Value);
        Assert.Equal(["MD5", "PDQ"], details.Elements("originalFileHash").Select(e => e.Attribute("hashType")!.Value));
    }

    [Fact]
    public void Every_incident_has_its_exact_text()
        => Assert.Equal(
            [
                "Child Pornography (possession, manufacture, and distribution)", "Child Sex Trafficking", "Child Sex Tourism",
                "Child Sexual Molestation", "Misleading Domain Name", "Misleading Words or Digital Images on the Internet",
                "Online Enticement of Children for Sexual Acts", "Unsolicited Obscene Material Sent to a Child",
            ],
            Enum.GetValues<CyberTipIncident>().Where(i => i != CyberTipIncident.None).Select(i =>
                XElement.Parse(Text(CyberTipXml.Report(SampleTips.Minimal with { Incident = i }, SampleTips.Now))).Descendants("incidentType")
                    .Single().Value));

    [Fact]
    public void What_is_missing_too_long_or_impossible_is_refused_by_name()
    {
        (CyberTip Tip, string Part)[] bad =
        [
            (SampleTips.Minimal with { Incident = CyberTipIncident.None }, "incidentType"),
            (SampleTips.Minimal with { IncidentTime = SampleTips.Now.AddHours(1) }, "incidentDateTime"),
            (SampleTips.Minimal with { Reporter = new CyberTipReporter(new CyberTipPerson { Email = " " }) }, "reportingPerson/email"),
            (SampleTips.Minimal with { EscalationReason = new string('x', 3001) }, "escalateToHighPriority"),
            (SampleTips.Minimal with { Reporter = SampleTips.Minimal.Reporter with { TermsOfService = new string('x', 3001) } }, "termsOfService"),
            (SampleTips.Minimal with { Reporter = SampleTips.Minimal.Reporter with { LegalUrl = new Uri("a/b", UriKind.Relative) } }, "legalURL"),
            (SampleTips.Minimal with { AdditionalInfo = SampleTips.Mark + new string('x', CyberTip.MaxText) }, "additionalInfo"),
            (SampleTips.Minimal with { Reported = new ReportedUser { DisplayNames = new string[1001] } }, "displayName"),
        ];
        Assert.All(bad, b =>
        {
            CyberTipException e = Assert.Throws<CyberTipException>(() => CyberTipXml.Report(b.Tip, SampleTips.Now));
            Assert.Equal(b.Part, e.Part);
            Assert.DoesNotContain(SampleTips.Mark, e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_clock_that_is_a_little_ahead_files_no_future()
        => Assert.Contains(
            "12:00:00.000Z", Text(CyberTipXml.Report(SampleTips.Minimal with { IncidentTime = SampleTips.Now.AddMinutes(4) }, SampleTips.Now)),
            StringComparison.Ordinal);

    [Fact]
    public void Whatever_users_write_is_a_document_still()
    {
        string wild = "a<b>&\"'\u0000\u0001\uFFFE\uD800x\uDC00]]>\U0001F600\u0085\r\n";
        CyberTip tip = SampleTips.Minimal with { AdditionalInfo = wild, Reported = new ReportedUser { ScreenName = wild, DisplayNames = [wild] } };
        var report = XElement.Parse(Text(CyberTipXml.Report(tip, SampleTips.Now)));
        string read = report.Element("additionalInfo")!.Value.ReplaceLineEndings("\n");
        Assert.Equal("a<b>&\"'\uFFFD\uFFFD\uFFFD\uFFFDx\uFFFD]]>\U0001F600\u0085\r\n".ReplaceLineEndings("\n"), read);
    }

    private static string Text(byte[] document) => Encoding.UTF8.GetString(document);

    private static IEnumerable<string> Names(XElement parent) => parent.Elements().Select(e => e.Name.LocalName);
}
