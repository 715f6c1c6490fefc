using System.Globalization;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>What came of a call.</summary>
public enum CyberTiplineOutcome
{
    /// <summary>No answer, or none that can be read: nobody knows whether the call had an effect.</summary>
    Unknown = 0,

    /// <summary>Done.</summary>
    Done,

    /// <summary>The report was finished before: it is filed.</summary>
    AlreadyFinished,

    /// <summary>The report, or its file, is not there any more: it expired or was retracted. Start over.</summary>
    NotOpen,

    /// <summary>The call failed and had no effect; it may work later.</summary>
    Retry,

    /// <summary>User or password are not accepted, or may not do this: set them right, the report itself is not at fault.</summary>
    Unauthorized,

    /// <summary>The report is refused as it is: somebody has to look at it.</summary>
    Refused,
}

/// <summary>The CyberTipline's answer to a call.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Name">The response code, <c>http-</c> and a status where there was none, or <c>no-answer</c>.</param>
public sealed record CyberTiplineAnswer(CyberTiplineOutcome Outcome, string Name)
{
    internal const int MaxIdLength = 100;

    private const int AlreadyRetracted = 5101;
    private const int AlreadyFinished = 5102;

    /// <summary>The number that the report was given; null where the answer has none.</summary>
    public string? ReportId { get; init; }

    /// <summary>The name that the file was given; null where the answer has none.</summary>
    public string? FileId { get; init; }

    /// <summary>MD5 of the file as it arrived, 32 hexadecimal digits; null where the answer has none.</summary>
    public string? FileHash { get; init; }

    /// <summary>Pause that the CyberTipline asks for; null where it asks for none.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Says outcome and code.</summary>
    public override string ToString() => $"{nameof(CyberTiplineAnswer)} {{ {Outcome}, {Name} }}";

    internal static CyberTiplineAnswer None(string name = "no-answer") => new(CyberTiplineOutcome.Unknown, name);

    /// <summary>Makes sense of a status and a body. The code of a readable body counts, whatever the status.</summary>
    internal static CyberTiplineAnswer From(int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        if (CyberTiplineAnswerReader.Read(body) is { } read && (read.Code != 0 || status is >= 200 and < 300))
        {
            // A status may say more than a code of "server": 429 wants a pause.
            return new CyberTiplineAnswer(Of(read.Code), read.Code.ToString(CultureInfo.InvariantCulture))
            {
                ReportId = read.ReportId,
                FileId = read.FileId,
                FileHash = read.Hash,
                RetryAfter = retryAfter,
            };
        }

        CyberTiplineOutcome outcome = status switch
        {
            >= 200 and < 300 => CyberTiplineOutcome.Unknown,
            401 or 403 => CyberTiplineOutcome.Unauthorized,
            429 or 503 => CyberTiplineOutcome.Retry,
            // A proxy on the way may say these although the call arrived.
            408 or >= 500 => CyberTiplineOutcome.Unknown,
            _ => CyberTiplineOutcome.Refused,
        };
        string name = status is >= 200 and < 300 ? "unreadable-answer" : string.Create(CultureInfo.InvariantCulture, $"http-{status}");
        return new CyberTiplineAnswer(outcome, name) { RetryAfter = retryAfter };
    }

    private static CyberTiplineOutcome Of(int code) => code switch
    {
        0 => CyberTiplineOutcome.Done,
        // Server, save, upload, find, update.
        >= 1000 and < 2000 => CyberTiplineOutcome.Retry,
        >= 2000 and < 4000 => CyberTiplineOutcome.Unauthorized,
        // Invalid request, validation, malformed XML, malformed file.
        >= 4000 and < 5000 => CyberTiplineOutcome.Refused,
        AlreadyFinished => CyberTiplineOutcome.AlreadyFinished,
        5001 or 5002 or AlreadyRetracted => CyberTiplineOutcome.NotOpen,
        // A code of a newer protocol: an operator decides, once the attempts are used up.
        _ => CyberTiplineOutcome.Retry,
    };
}
