using System.Text;
using SafetySdk.Reports.CyberTipline;

namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>Answers are read strictly, and understood by their codes.</summary>
public sealed class CyberTiplineAnswerTests
{
    private const string Done =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<reportResponse>\n  <responseCode>0</responseCode>\n"
        + "  <responseDescription>Success &amp; more</responseDescription>\n  <reportId>4564654</reportId>\n  <fileId>b0754af7</fileId>\n"
        + "  <hash>fafa5efe</hash>\n</reportResponse>\n";

    [Fact]
    public void An_answer_is_read()
    {
        CyberTiplineAnswer answer = From(200, Done);
        Assert.Equal((CyberTiplineOutcome.Done, "4564654", "b0754af7", "fafa5efe"), (answer.Outcome, answer.ReportId!, answer.FileId!, answer.FileHash!));
        Assert.Equal("1", From(200, "\uFEFF<a:reportDoneResponse xmlns:a='x>y'><a:responseCode>0</a:responseCode><!-- > --><reportId> 1 </reportId>"
            + "<files><fileId>x</fileId><fileId>y</fileId></files><empty/></a:reportDoneResponse>").ReportId);
    }

    [Theory]
    [InlineData(0, CyberTiplineOutcome.Done)]
    [InlineData(1000, CyberTiplineOutcome.Retry)]
    [InlineData(1100, CyberTiplineOutcome.Retry)]
    [InlineData(1110, CyberTiplineOutcome.Retry)]
    [InlineData(1300, CyberTiplineOutcome.Retry)]
    [InlineData(2000, CyberTiplineOutcome.Unauthorized)]
    [InlineData(3300, CyberTiplineOutcome.Unauthorized)]
    [InlineData(4000, CyberTiplineOutcome.Refused)]
    [InlineData(4100, CyberTiplineOutcome.Refused)]
    [InlineData(4200, CyberTiplineOutcome.Refused)]
    [InlineData(5001, CyberTiplineOutcome.NotOpen)]
    [InlineData(5002, CyberTiplineOutcome.NotOpen)]
    [InlineData(5101, CyberTiplineOutcome.NotOpen)]
    [InlineData(5102, CyberTiplineOutcome.AlreadyFinished)]
    [InlineData(9999, CyberTiplineOutcome.Retry)]
    public void A_code_has_a_meaning_whatever_the_status(int code, CyberTiplineOutcome outcome)
    {
        string body = $"<reportResponse><responseCode>{code}</responseCode></reportResponse>";
        Assert.Equal(outcome, From(200, body).Outcome);
        Assert.Equal(code == 0 ? CyberTiplineOutcome.Unknown : outcome, From(500, body).Outcome);
    }

    [Theory]
    [InlineData(200, CyberTiplineOutcome.Unknown)]
    [InlineData(301, CyberTiplineOutcome.Refused)]
    [InlineData(401, CyberTiplineOutcome.Unauthorized)]
    [InlineData(404, CyberTiplineOutcome.Refused)]
    [InlineData(408, CyberTiplineOutcome.Unknown)]
    [InlineData(413, CyberTiplineOutcome.Refused)]
    [InlineData(429, CyberTiplineOutcome.Retry)]
    [InlineData(500, CyberTiplineOutcome.Unknown)]
    [InlineData(503, CyberTiplineOutcome.Retry)]
    public void Without_a_code_the_status_counts(int status, CyberTiplineOutcome outcome)
        => Assert.Equal(outcome, From(status, "<html><body>an error</body></html>").Outcome);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("<reportResponse><responseCode>0</responseCode>")]
    [InlineData("<other><responseCode>0</responseCode></other>")]
    [InlineData("<reportResponse><responseCode>0</reportId></reportResponse>")]
    [InlineData("<reportResponse><responseCode>0</responseCode><responseCode>0</responseCode></reportResponse>")]
    [InlineData("<reportResponse><responseCode>zero</responseCode></reportResponse>")]
    [InlineData("<reportResponse><responseCode>-1</responseCode></reportResponse>")]
    [InlineData("<reportResponse><responseCode>99999999999</responseCode></reportResponse>")]
    [InlineData("<reportResponse><responseCode>0</responseCode></reportResponse><reportResponse/>")]
    [InlineData("<reportResponse><responseCode>0</responseCode></reportResponse>text")]
    [InlineData("<reportResponse><responseCode>0</responseCode><reportId>a&amp;id=b</reportId></reportResponse>")]
    [InlineData("<reportResponse><responseCode>0</responseCode><reportId></reportId></reportResponse>")]
    [InlineData("<reportResponse><x><responseCode>0</responseCode></x></reportResponse>")]
    [InlineData("<reportResponse><a><b><c><d/></c></b></a><responseCode>0</responseCode></reportResponse>")]
    [InlineData("<!DOCTYPE reportResponse><reportResponse><responseCode>0</responseCode></reportResponse>")]
    [InlineData("<reportResponse><![CDATA[x]]><responseCode>0</responseCode></reportResponse>")]
    [InlineData("<reportResponse><responseCode>&#48;</responseCode></reportResponse>")]
    public void What_is_no_answer_is_not_read(string body) => Assert.Null(CyberTiplineAnswerReader.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void What_is_too_long_is_not_read()
    {
        string long1 = Done.Replace("Success", new string('x', CyberTiplineAnswerReader.MaxBytes), StringComparison.Ordinal);
        Assert.Null(CyberTiplineAnswerReader.Read(Encoding.UTF8.GetBytes(long1)));
        string long2 = Done.Replace("4564654", new string('1', 101), StringComparison.Ordinal);
        Assert.Null(CyberTiplineAnswerReader.Read(Encoding.UTF8.GetBytes(long2)));
    }

    [Fact]
    public void Whatever_arrives_never_throws_and_never_makes_identifiers_of_something_else()
    {
        var random = new Random(20261125);
        byte[] seed = Encoding.UTF8.GetBytes(Done);
        byte[] alphabet = "<>/!?-\"'&;= \n0aresponsCdIfilhw\0\xFF"u8.ToArray();
        int read = 0;
        for (int round = 0; round < 50_000; round++)
        {
            byte[] mutant = [.. seed];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(mutant.Length);
                switch (random.Next(3))
                {
                    case 0:
                        mutant[at] = alphabet[random.Next(alphabet.Length)];
                        break;
                    case 1:
                        mutant = [.. mutant[..at], .. mutant[Math.Min(mutant.Length, at + random.Next(20))..], (byte)' '];
                        break;
                    default:
                        mutant = [.. mutant[..at], .. mutant[random.Next(at + 1)..]];
                        break;
                }
            }

            if (CyberTiplineAnswerReader.Read(mutant) is { } fields)
            {
                read++;
                Assert.All(
                    new[] { fields.ReportId, fields.FileId, fields.Hash },
                    id => Assert.True(id is null || id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')));
            }
        }

        Assert.InRange(read, 1000, 49_000);
    }

    private static CyberTiplineAnswer From(int status, string body) => CyberTiplineAnswer.From(status, Encoding.UTF8.GetBytes(body), null);
}
