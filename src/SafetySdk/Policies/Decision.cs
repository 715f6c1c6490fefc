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

    /// <summary>
    /// Users under 18, and every request to make or change a picture where a photograph of a child is shown, made or asked for.
    /// </summary>
    MinorsOrChildShown,
}

/// <summary>What the host should say or observe with an answer that is given. Never a reason to refuse.</summary>
public enum Advisory
{
    /// <summary>Treat whoever is named or shown as a real person: nothing sexual, degrading or deceptive, and credentials on the
    /// result.</summary>
    RealPersonSafeguards,

    /// <summary>A child is shown: the stricter rules apply to what is made.</summary>
    MinorSafeguards,

    /// <summary>Describe people without naming them.</summary>
    DescribeWithoutNaming,

    /// <summary>Say only what the picture shows.</summary>
    GroundedOnly,

    /// <summary>Not for medical use.</summary>
    NotForMedicalUse,

    /// <summary>Not for judging what is true.</summary>
    NotForTruth,

    /// <summary>Offer a person to turn to.</summary>
    HumanEscalation,

    /// <summary>Warn of distressing content before it is shown.</summary>
    ContentWarning,
}
