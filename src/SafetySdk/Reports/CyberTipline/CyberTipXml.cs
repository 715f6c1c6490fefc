using System.Globalization;
using System.Text;
using System.Xml;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>
/// Writes reports and file details as the CyberTipline's schema wants them: its elements in its order, what it demands present, texts
/// within its limits. Characters that XML does not know are written as U+FFFD.
/// </summary>
/// <remarks>Thread-safe. The documents hold content: whoever keeps them keeps them sealed.</remarks>
public static class CyberTipXml
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const string UserReportNote = "Reported to us by a user.";

    // Clocks differ; what lies further ahead is a mistake.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private static readonly XmlWriterSettings Settings = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) };

    private static readonly (CyberTipAnnotations Tag, string Element)[] ReportTags =
    [
        (CyberTipAnnotations.Sextortion, "sextortion"),
        (CyberTipAnnotations.Solicitation, "csamSolicitation"),
        (CyberTipAnnotations.MinorToMinor, "minorToMinorInteraction"),
        (CyberTipAnnotations.Spam, "spam"),
        (CyberTipAnnotations.SadisticExploitation, "sadisticOnlineExploitation"),
    ];

    private static readonly (CyberTipFileAnnotations Tag, string Element)[] FileTags =
    [
        (CyberTipFileAnnotations.AnimeDrawingVirtual, "animeDrawingVirtualHentai"),
        (CyberTipFileAnnotations.PotentialMeme, "potentialMeme"),
        (CyberTipFileAnnotations.Viral, "viral"),
        (CyberTipFileAnnotations.PossibleSelfProduction, "possibleSelfProduction"),
        (CyberTipFileAnnotations.PhysicalHarm, "physicalHarm"),
        (CyberTipFileAnnotations.ViolenceGore, "violenceGore"),
        (CyberTipFileAnnotations.Bestiality, "bestiality"),
        (CyberTipFileAnnotations.LiveStreaming, "liveStreaming"),
        (CyberTipFileAnnotations.Infant, "infant"),
        (CyberTipFileAnnotations.GenerativeAi, "generativeAi"),
    ];

    /// <summary>The document of <c>submit</c>.</summary>
    /// <param name="tip">The report.</param>
    /// <param name="now">The time; the incident must not be later.</param>
    /// <returns>UTF-8.</returns>
    /// <exception cref="CyberTipException">Something is missing, too long or impossible.</exception>
    public static byte[] Report(CyberTip tip, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(tip);
        if (tip.IncidentTime > now + Skew)
        {
            throw new CyberTipException("incidentDateTime", "lies in the future; check the clock of who recorded it.");
        }

        Limit("file", tip.Files.Count);
        Limit("internetDetails", tip.Places.Count);
        return Document("report", xml =>
        {
            xml.WriteStartElement("incidentSummary");
            xml.WriteElementString("incidentType", Name(tip.Incident));
            Text(xml, "escalateToHighPriority", tip.EscalationReason, CyberTip.MaxShortText);
            Tags(xml, "reportAnnotations", ReportTags.Where(t => tip.Annotations.HasFlag(t.Tag)).Select(t => t.Element));
            Time(xml, "incidentDateTime", tip.IncidentTime < now ? tip.IncidentTime : now);
            Text(xml, "incidentDateTimeDescription", tip.IncidentTimeNote);
            xml.WriteEndElement();
            foreach (CyberTipPlace place in tip.Places)
            {
                Place(xml, place);
            }

            Reporter(xml, tip.Reporter);
            if (tip.Reported is { } reported)
            {
                Reported(xml, reported);
            }

            Text(xml, "additionalInfo", tip.Origin == CyberTipOrigin.UserReport
                ? string.Join(' ', new[] { UserReportNote, tip.AdditionalInfo }.Where(t => !string.IsNullOrEmpty(t)))
                : tip.AdditionalInfo);
        });
    }

    /// <summary>The document of <c>fileinfo</c>.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reportId">The report, as the CyberTipline numbers it.</param>
    /// <param name="fileId">The file, as the CyberTipline names it.</param>
    /// <returns>UTF-8.</returns>
    /// <exception cref="CyberTipException">Something is too long or impossible.</exception>
    public static byte[] FileDetails(CyberTipFile file, string reportId, string fileId)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(reportId);
        ArgumentNullException.ThrowIfNull(fileId);
        return Document("fileDetails", xml =>
        {
            Required(xml, "reportId", reportId);
            Required(xml, "fileId", fileId);
            Text(xml, "originalFileName", file.OriginalName);
            Url(xml, "locationOfFile", file.Location);
            Flag(xml, "fileViewedByEsp", file.Viewed);
            Flag(xml, "exifViewedByEsp", file.MetadataViewed);
            Flag(xml, "publiclyAvailable", file.PubliclyAvailable);
            xml.WriteElementString(
                "fileRelevance", file.Relevance == CyberTipFileRelevance.Reported ? "Reported" : "Supplemental Reported");
            Tags(xml, "fileAnnotations", FileTags.Where(t => file.Annotations.HasFlag(t.Tag)).Select(t => t.Element));
            if (file.Classification != IndustryClassification.None)
            {
                xml.WriteElementString("industryClassification", Name(file.Classification));
            }

            Limit("originalFileHash", file.Hashes.Count);
            foreach (CyberTipHash hash in file.Hashes)
            {
                xml.WriteStartElement("originalFileHash");
                xml.WriteAttributeString("hashType", Clean("hashType", hash.Type, CyberTip.MaxText));
                xml.WriteString(Clean("originalFileHash", hash.Value, CyberTip.MaxText));
                xml.WriteEndElement();
            }

            Addresses(xml, file.Addresses);
            Text(xml, "additionalInfo", file.AdditionalInfo);
        });
    }

    private static void Place(XmlWriter xml, CyberTipPlace place)
    {
        xml.WriteStartElement("internetDetails");
        if (place.Kind == CyberTipPlaceKind.WebPage)
        {
            xml.WriteStartElement("webPageIncident");
            Limit("url", place.Urls.Count);
            foreach (Uri url in place.Urls)
            {
                Url(xml, "url", url);
            }
        }
        else
        {
            xml.WriteStartElement("chatImIncident");
            Text(xml, "chatClient", place.ChatClient);
            Text(xml, "chatRoomName", place.ChatRoom);
            Text(xml, "content", place.ChatContent);
        }

        Text(xml, "additionalInfo", place.AdditionalInfo);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Reporter(XmlWriter xml, CyberTipReporter reporter)
    {
        if (string.IsNullOrWhiteSpace(reporter.Person.Email))
        {
            throw new CyberTipException("reportingPerson/email", "is missing; the CyberTipline demands it.");
        }

        xml.WriteStartElement("reporter");
        Person(xml, "reportingPerson", reporter.Person);
        if (reporter.Contact is { } contact)
        {
            Person(xml, "contactPerson", contact);
        }

        Text(xml, "companyTemplate", reporter.CompanyTemplate);
        Text(xml, "termsOfService", reporter.TermsOfService, CyberTip.MaxShortText);
        Url(xml, "legalURL", reporter.LegalUrl);
        xml.WriteEndElement();
    }

    private static void Reported(XmlWriter xml, ReportedUser user)
    {
        xml.WriteStartElement("personOrUserReported");
        if (user.Person is { } person)
        {
            Person(xml, "personOrUserReportedPerson", person);
        }

        Text(xml, "espIdentifier", user.AccountId);
        Text(xml, "espService", user.Service);
        Text(xml, "screenName", user.ScreenName);
        Limit("displayName", user.DisplayNames.Count);
        foreach (string name in user.DisplayNames)
        {
            Text(xml, "displayName", name);
        }

        Limit("profileUrl", user.ProfileUrls.Count);
        foreach (Uri url in user.ProfileUrls)
        {
            Url(xml, "profileUrl", url);
        }

        Addresses(xml, user.Addresses);
        Limit("priorCTReports", user.PriorReports.Count);
        foreach (long prior in user.PriorReports)
        {
            xml.WriteElementString("priorCTReports", prior.ToString(CultureInfo.InvariantCulture));
        }

        Text(xml, "additionalInfo", user.AdditionalInfo);
        xml.WriteEndElement();
    }

    private static void Person(XmlWriter xml, string element, CyberTipPerson person)
    {
        xml.WriteStartElement(element);
        Text(xml, "firstName", person.FirstName);
        Text(xml, "lastName", person.LastName);
        Text(xml, "phone", person.Phone);
        Text(xml, "email", person.Email);
        xml.WriteEndElement();
    }

    private static void Addresses(XmlWriter xml, IReadOnlyList<AddressCapture> addresses)
    {
        Limit("ipCaptureEvent", addresses.Count);
        foreach (AddressCapture capture in addresses)
        {
            xml.WriteStartElement("ipCaptureEvent");
            xml.WriteElementString("ipAddress", capture.Address.ToString());
            xml.WriteElementString("eventName", Name(capture.Event));
            if (capture.Time is { } time)
            {
                Time(xml, "dateTime", time);
            }

            Flag(xml, "possibleProxy", capture.PossibleProxy);
            if (capture.Port is { } port)
            {
                xml.WriteElementString("port", port.ToString(CultureInfo.InvariantCulture));
            }

            xml.WriteEndElement();
        }
    }

    private static byte[] Document(string root, Action<XmlWriter> write)
    {
        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, Settings))
        {
            xml.WriteStartDocument();
            xml.WriteStartElement(root);
            write(xml);
            xml.WriteEndElement();
        }

        return stream.ToArray();
    }

    private static void Required(XmlWriter xml, string element, string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new CyberTipException(element, "is missing.");
        }

        Text(xml, element, text);
    }

    private static void Text(XmlWriter xml, string element, string? text, int most = CyberTip.MaxText)
    {
        if (!string.IsNullOrEmpty(text))
        {
            xml.WriteElementString(element, Clean(element, text, most));
        }
    }

    private static void Url(XmlWriter xml, string element, Uri? url)
    {
        if (url is not null)
        {
            Text(xml, element, url.IsAbsoluteUri
                ? url.AbsoluteUri
                : throw new CyberTipException(element, "is a relative address; give the whole one."));
        }
    }

    private static void Flag(XmlWriter xml, string element, bool? flag)
    {
        if (flag is { } known)
        {
            xml.WriteElementString(element, known ? "true" : "false");
        }
    }

    private static void Time(XmlWriter xml, string element, DateTimeOffset time)
        => xml.WriteElementString(element, time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));

    private static void Tags(XmlWriter xml, string element, IEnumerable<string> tags)
    {
        bool any = false;
        foreach (string tag in tags)
        {
            if (!any)
            {
                xml.WriteStartElement(element);
                any = true;
            }

            xml.WriteStartElement(tag);
            xml.WriteEndElement();
        }

        if (any)
        {
            xml.WriteEndElement();
        }
    }

    private static void Limit(string element, int count)
    {
        if (count > CyberTip.MaxItems)
        {
            throw new CyberTipException(element, $"{count} of them; at most {CyberTip.MaxItems} are taken.");
        }
    }

    private static string Clean(string part, string text, int most)
    {
        if (text.Length > most)
        {
            throw new CyberTipException(part, $"has {text.Length} characters; at most {most} are taken.");
        }

        StringBuilder? clean = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], c))
            {
                clean?.Append(c).Append(text[i + 1]);
                i++;
            }
            else if (XmlConvert.IsXmlChar(c))
            {
                clean?.Append(c);
            }
            else
            {
                clean ??= new StringBuilder(text, 0, i, text.Length);
                clean.Append('\uFFFD');
            }
        }

        return clean?.ToString() ?? text;
    }

    // The exact texts of the schema.
    private static string Name(CyberTipIncident incident) => incident switch
    {
        CyberTipIncident.AbuseMaterial => "Child Pornography (possession, manufacture, and distribution)",
        CyberTipIncident.SexTrafficking => "Child Sex Trafficking",
        CyberTipIncident.SexTourism => "Child Sex Tourism",
        CyberTipIncident.SexualMolestation => "Child Sexual Molestation",
        CyberTipIncident.MisleadingDomainName => "Misleading Domain Name",
        CyberTipIncident.MisleadingWordsOrImages => "Misleading Words or Digital Images on the Internet",
        CyberTipIncident.OnlineEnticement => "Online Enticement of Children for Sexual Acts",
        CyberTipIncident.ObsceneMaterialSentToChild => "Unsolicited Obscene Material Sent to a Child",
        _ => throw new CyberTipException("incidentType", "is missing; say what happened."),
    };

    private static string Name(IndustryClassification classification) => classification switch
    {
        IndustryClassification.A1 => "A1",
        IndustryClassification.A2 => "A2",
        IndustryClassification.B1 => "B1",
        IndustryClassification.B2 => "B2",
        _ => throw new CyberTipException("industryClassification", "is none of A1, A2, B1, B2."),
    };

    private static string Name(AddressEvent seen) => seen switch
    {
        AddressEvent.Login => "Login",
        AddressEvent.Registration => "Registration",
        AddressEvent.Purchase => "Purchase",
        AddressEvent.Upload => "Upload",
        AddressEvent.Other => "Other",
        _ => "Unknown",
    };
}
