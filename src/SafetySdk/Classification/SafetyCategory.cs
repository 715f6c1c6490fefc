using System.Diagnostics.CodeAnalysis;

namespace SafetySdk.Classification;

/// <summary>
/// What a signal is about. The JSON name of a member is its snake_case form, for example <c>sexual_minors</c>
/// (<see cref="SafetyCategories"/>).
/// </summary>
public enum SafetyCategory
{
    /// <summary>A match on a list of known illegal content.</summary>
    KnownContent,

    /// <summary>Sexual content with a minor; composed from sexual and minor signals, or said in text.</summary>
    SexualMinors,

    /// <summary>Sexually explicit content.</summary>
    Sexual,

    /// <summary>Suggestive but not explicit.</summary>
    SexualSuggestive,

    /// <summary>Undressing, sexualising or faking a real person.</summary>
    SexualRealPerson,

    /// <summary>Hate against a protected group.</summary>
    Hate,

    /// <summary>Harassment, bullying, threats to a person.</summary>
    Harassment,

    /// <summary>Violence.</summary>
    Violence,

    /// <summary>Graphic violence, gore.</summary>
    GraphicViolence,

    /// <summary>Self-harm shown.</summary>
    SelfHarm,

    /// <summary>Instruction for self-harm.</summary>
    SelfHarmInstructions,

    /// <summary>A person speaks of harming themself.</summary>
    SelfHarmIntent,

    /// <summary>Advice or instruction for wrongdoing.</summary>
    Illicit,

    /// <summary>Making or getting weapons.</summary>
    Weapons,

    /// <summary>Extremist propaganda, recruitment, praise.</summary>
    Extremism,

    /// <summary>Private information about a person.</summary>
    Privacy,

    /// <summary>Deception: forged documents, fabricated events.</summary>
    Misinformation,

    /// <summary>Instruction override, role-play or encoding meant to defeat the safeguards.</summary>
    Jailbreak,

    /// <summary>Style of a living artist.</summary>
    ArtistStyle,

    /// <summary>A named public figure.</summary>
    PublicFigure,

    /// <summary>Asks who a person in a picture is.</summary>
    Identification,

    /// <summary>Asks for a person's race, religion, health, orientation or the like.</summary>
    SensitiveTraits,

    /// <summary>Asks for a judgement that a picture cannot support, such as a person's honesty.</summary>
    UngroundedInference,

    /// <summary>Asks where a private picture was taken.</summary>
    Geolocation,

    /// <summary>Asks to solve a CAPTCHA.</summary>
    Captcha,

    /// <summary>Asks for a medical reading of a picture.</summary>
    MedicalReading,

    /// <summary>Official documents, banknotes, identity papers.</summary>
    DeceptiveDocument,

    /// <summary>Text that speaks of a minor. Evidence, not harm.</summary>
    MinorMention,

    /// <summary>A photograph that shows a child. Evidence, not harm.</summary>
    ChildPhoto,

    /// <summary>A drawn or rendered child, or a child's face that is not confirmed as a photograph's. Evidence, not harm.</summary>
    ChildDrawing,

    /// <summary>A photograph that shows a person. Evidence, not harm.</summary>
    PersonPhoto,

    /// <summary>Text rewritten to hide its words.</summary>
    Obfuscation,

    /// <summary>The host's chat model refused.</summary>
    ChatRefusal,

    /// <summary>The account's age band excludes it.</summary>
    UnderageAccount,

    /// <summary>A check could not be completed.</summary>
    CheckFailed,

    /// <summary>A photograph, or a request for something that looks like one. Evidence, not harm.</summary>
    Photorealistic,

    /// <summary>Self-harm praised, encouraged or dared. <see cref="SelfHarm"/> is what is shown.</summary>
    SelfHarmPromotion,

    /// <summary>A symbol of a hateful or extremist group, whatever is said of it.</summary>
    HateSymbol,

    /// <summary>Praise of a hateful or extremist group, its symbols or its deeds: the stance that turns a symbol into harm.</summary>
    HatePraise,

    /// <summary>Asks to undress whoever is shown. Evidence, not harm: about a real person it becomes
    /// <see cref="SexualRealPerson"/>.</summary>
    UndressingIntent,

    /// <summary>Text that names a person who is no public figure. Evidence, not harm.</summary>
    NamedPerson,

    /// <summary>A named public figure under 18.</summary>
    PublicFigureMinor,

    /// <summary>A person who is on the host's list of those who do not want to be depicted.</summary>
    OptedOutPerson,

    /// <summary>Asks for a photograph, or something like one, of a child; composed. Evidence, not harm.</summary>
    PhotorealChildRequest,

    /// <summary>Chemical, biological, radiological or nuclear weapons.</summary>
    MassCasualtyWeapons,

    /// <summary>Deception about elections, candidates, officials or voting.</summary>
    PoliticalDeception,

    /// <summary>Made to look like surveillance, body-camera or news footage. Evidence, not harm: it lends credibility to a
    /// deception.</summary>
    SurveillanceStyle,

    /// <summary>Asks whether a picture or what it claims is true.</summary>
    TruthJudgement,

    /// <summary>The recent history of the account, as the host keeps it.</summary>
    AccountRisk,

    /// <summary>The account is suspended or banned.</summary>
    AccountDenied,
}

/// <summary>The categories and their JSON names: the one definition.</summary>
public static class SafetyCategories
{
    private static readonly Dictionary<string, SafetyCategory> ByName =
        Enum.GetValues<SafetyCategory>().ToDictionary(c => SnakeCase.From(c.ToString()), StringComparer.Ordinal);

    private static readonly string[] Names = BuildNames();

    /// <summary>Every category, in declaration order.</summary>
    public static IReadOnlyList<SafetyCategory> All { get; } = Enum.GetValues<SafetyCategory>();

    /// <summary>The JSON name, for example <c>sexual_minors</c>.</summary>
    /// <param name="category">A category.</param>
    public static string Name(this SafetyCategory category) => Names[(int)category];

    /// <summary>Finds a category by its JSON name. Case matters.</summary>
    /// <param name="name">The name.</param>
    /// <param name="category">The category found.</param>
    public static bool TryParse([NotNullWhen(true)] string? name, out SafetyCategory category)
    {
        category = default;
        return name is not null && ByName.TryGetValue(name, out category);
    }

    private static string[] BuildNames()
    {
        var names = new string[ByName.Count];
        foreach ((string name, SafetyCategory category) in ByName)
        {
            names[(int)category] = name;
        }

        return names;
    }
}
