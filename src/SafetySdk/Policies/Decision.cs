namespace SafetySdk.Policies;

/// <summary>What is to happen, from mild to strict. The strictest rule that fired wins.</summary>
public enum Decision
{
    /// <summary>Nobody checked. The zero value, so that a forgotten result never reads as allowed.</summary>
    NotChecked = 0,

    /// <summary>Every check ran and no rule objects.</summary>
    Allow = 1,

    /// <summary>A person must look, or a check could not be completed.</summary>
    Review = 2,

    /// <summary>Allowed only after the request is rewritten.</summary>
    Transform = 3,

    /// <summary>Refused.</summary>
    Block = 4,
}

/// <summary>What the host has to do besides following the decision.</summary>
public enum RequiredAction
{
    /// <summary>File a CyberTipline report.</summary>
    ReportToNcmec,

    /// <summary>Suspend the account.</summary>
    SuspendAccount,

    /// <summary>Keep what the report needs, sealed.</summary>
    PreserveEvidence,

    /// <summary>Show a help resource for self-harm.</summary>
    OfferHelp,

    /// <summary>Rewrite the prompt and ask again.</summary>
    TransformPrompt,
}

/// <summary>Where in the pipeline something was seen.</summary>
public enum Stage
{
    /// <summary>The account: age band.</summary>
    Account,

    /// <summary>Pictures that the user gave.</summary>
    Upload,

    /// <summary>The prompt and text read in pictures.</summary>
    Prompt,

    /// <summary>Prompt and pictures together.</summary>
    Joint,

    /// <summary>Pictures that the model made.</summary>
    Output,
}

/// <summary>What the user wants to do.</summary>
public enum Operation
{
    /// <summary>Make a new picture.</summary>
    Generate,

    /// <summary>Change a given picture.</summary>
    Edit,

    /// <summary>Talk about a given picture.</summary>
    Understand,
}

/// <summary>The user's age, as the host knows it.</summary>
public enum AgeBand
{
    /// <summary>Not known; treated as the policy says.</summary>
    Unknown = 0,

    /// <summary>18 or older.</summary>
    Adult,

    /// <summary>13 to 17.</summary>
    Teen,

    /// <summary>Below 13: denied.</summary>
    Under13,
}

/// <summary>Whom a rule binds. A rule for everyone binds minors too, so a younger user is never treated more mildly.</summary>
public enum Audience
{
    /// <summary>All users.</summary>
    Everyone,

    /// <summary>Users under 18 only.</summary>
    Minors,
}
