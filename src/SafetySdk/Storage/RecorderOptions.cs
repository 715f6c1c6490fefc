using SafetySdk.Accounts;
using SafetySdk.Policies;
using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>Makes the report that a verdict asks for. Called within the transaction: waits for nothing and has no other effect.</summary>
/// <param name="verdict">The verdict, with <see cref="RequiredAction.ReportToNcmec"/> among its actions.</param>
/// <param name="subject">Who asked and what for.</param>
/// <returns>The report. The same verdict gives the same key and payload.</returns>
public delegate ReportDraft ReportComposer(Verdict verdict, CheckSubject subject);

/// <summary>How verdicts are recorded.</summary>
public sealed record RecorderOptions
{
    /// <summary>The defaults.</summary>
    public static RecorderOptions Default { get; } = new();

    /// <summary>
    /// What the record of a verdict without consequences survives. Default <see cref="StoreDurability.Process"/>. A verdict that reports or
    /// changes an account's standing is always recorded with <see cref="StoreDurability.Full"/>.
    /// </summary>
    public StoreDurability Durability { get; init; } = StoreDurability.Process;

    /// <summary>What repeated violations lead to. Default: nothing.</summary>
    public AccountRules Rules { get; init; } = AccountRules.None;

    /// <summary>Makes the report; null for <see cref="VerdictReport.Compose"/>.</summary>
    public ReportComposer? Compose { get; init; }

    /// <summary>Decision at least, where a verdict could not be recorded; <see cref="Decision.Review"/> or stricter. Default Block.</summary>
    public Decision WhenRecordingFails { get; init; } = Decision.Block;
}
