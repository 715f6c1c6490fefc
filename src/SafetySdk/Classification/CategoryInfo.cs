using static SafetySdk.Classification.CategoryKind;
using static SafetySdk.Classification.CategorySources;
using static SafetySdk.Classification.SafetyCategory;

namespace SafetySdk.Classification;

/// <summary>What a category says.</summary>
public enum CategoryKind
{
    /// <summary>What is shown or said does harm.</summary>
    Harm,

    /// <summary>What is asked for may do harm, depending on what it is about.</summary>
    Request,

    /// <summary>No harm by itself; makes something else worse.</summary>
    Evidence,

    /// <summary>About the account, not the request.</summary>
    Account,

    /// <summary>Said by the host or by the pipeline itself.</summary>
    System,
}

/// <summary>What reports a category today.</summary>
[Flags]
public enum CategorySources
{
    /// <summary>Nothing that comes with the library.</summary>
    None = 0,

    /// <summary>The prompt rules, in text that is typed or read in a picture.</summary>
    Text = 1,

    /// <summary>The image detectors.</summary>
    Picture = 2,

    /// <summary>Lists that the host brings: known content, names.</summary>
    Lists = 4,

    /// <summary>Composed of other signals.</summary>
    Composition = 8,

    /// <summary>The request itself: age band, refusal of the chat model.</summary>
    Request = 16,

    /// <summary>How the account stands and what it did lately, where accounts are looked up.</summary>
    Accounts = 32,
}

/// <summary>
/// What a category is, and what reports it today: the honest table. A category without a source still has its rules, which fire as soon
/// as the host brings a detector for it.
/// </summary>
/// <param name="Category">The category.</param>
/// <param name="Title">Its name for people, at most 30 characters.</param>
/// <param name="Kind">What it says.</param>
/// <param name="InText">Whether text can show it.</param>
/// <param name="InImages">Whether a picture can show it.</param>
/// <param name="DetectedBy">What reports it today.</param>
public sealed record CategoryInfo(
    SafetyCategory Category, string Title, CategoryKind Kind, bool InText, bool InImages, CategorySources DetectedBy)
{
    private static readonly CategoryInfo[] Table = InOrder(
    [
        Both(KnownContent, "Known illegal content", Harm, Lists) with { InText = false },
        Both(SexualMinors, "Sexual content with a minor", Harm, Text | Composition),
        Both(Sexual, "Sexually explicit content", Harm, Text | Picture),
        Both(SexualSuggestive, "Suggestive content", Harm, Text | Picture),
        Both(SexualRealPerson, "Sexualised real person", Harm, Text | Composition),
        Both(Hate, "Hate against a group", Harm, Text),
        Both(Harassment, "Harassment of a person", Harm, Text),
        Both(Violence, "Violence", Harm, Text),
        Both(GraphicViolence, "Graphic violence, gore", Harm, Text),
        Both(SelfHarm, "Self-harm shown", Harm, Text),
        Both(SelfHarmInstructions, "Self-harm instructions", Harm, Text),
        Both(SelfHarmIntent, "A person speaks of self-harm", Harm, Text),
        Both(Illicit, "Advice for wrongdoing", Harm, Text),
        Both(Weapons, "Making or getting weapons", Harm, Text),
        Both(Extremism, "Extremist propaganda", Harm, Text),
        Both(Privacy, "Private data of a person", Harm, Text),
        Both(Misinformation, "Deceptive content", Harm, Text),
        Words(Jailbreak, "Attack on the safeguards", Harm, Text),
        Words(ArtistStyle, "Style of a living artist", CategoryKind.Request, Text | Lists),
        Both(PublicFigure, "A named public figure", CategoryKind.Evidence, Text | Lists),
        Words(Identification, "Who is this person?", CategoryKind.Request, Text | Composition),
        Words(SensitiveTraits, "Sensitive trait of a person", CategoryKind.Request, Text | Composition),
        Words(UngroundedInference, "Judgement of a person's looks", CategoryKind.Request, Text | Composition),
        Words(Geolocation, "Where was this taken?", CategoryKind.Request, Text | Composition),
        Both(Captcha, "Solving a CAPTCHA", CategoryKind.Request, Text | Composition),
        Words(MedicalReading, "Medical reading of a picture", CategoryKind.Request, Text | Composition),
        Both(DeceptiveDocument, "Forged document or banknote", Harm, Text),
        Words(MinorMention, "Text speaks of a minor", CategoryKind.Evidence, Text),
        Pictures(ChildPhoto, "Photograph of a child", CategoryKind.Evidence, Picture),
        Pictures(ChildDrawing, "Drawn or doubtful child", CategoryKind.Evidence, Picture),
        Pictures(PersonPhoto, "Photograph of a person", CategoryKind.Evidence, Picture),
        Words(Obfuscation, "Hidden words", Harm, Text),
        Neither(ChatRefusal, "Chat model refused", CategoryKind.System, CategorySources.Request),
        Neither(UnderageAccount, "User is under 13", Account, CategorySources.Request | CategorySources.Accounts),
        Neither(CheckFailed, "A check could not be completed", CategoryKind.System, None),
        Both(Photorealistic, "Looks like a photograph", CategoryKind.Evidence, Picture),
        Both(SelfHarmPromotion, "Self-harm promoted", Harm, None),
        Both(HateSymbol, "Hateful symbol", Harm, None),
        Both(HatePraise, "Praise of hate or extremism", Harm, None),
        Words(UndressingIntent, "Asks to undress a person", CategoryKind.Evidence, Text),
        Words(NamedPerson, "A named private person", CategoryKind.Evidence, Lists),
        Both(PublicFigureMinor, "Public figure under 18", Harm, Lists),
        Both(OptedOutPerson, "Person who opted out", Harm, Lists),
        Words(PhotorealChildRequest, "Asks for a photo of a child", CategoryKind.Evidence, Text),
        Both(MassCasualtyWeapons, "Weapons of mass destruction", Harm, None),
        Both(PoliticalDeception, "Political deception", Harm, None),
        Both(SurveillanceStyle, "Looks like CCTV or news", CategoryKind.Evidence, None),
        Words(TruthJudgement, "Is this picture true?", CategoryKind.Request, None),
        Neither(AccountRisk, "Recent history of the account", Account, CategorySources.Accounts),
        Neither(AccountDenied, "Account suspended or banned", Account, CategorySources.Accounts),
    ]);

    /// <summary>Every category, in declaration order.</summary>
    public static IReadOnlyList<CategoryInfo> All => Table;

    /// <summary>What a category is.</summary>
    /// <param name="category">A category.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined category.</exception>
    public static CategoryInfo Of(SafetyCategory category)
        => (uint)category < (uint)Table.Length
            ? Table[(int)category]
            : throw new ArgumentOutOfRangeException(nameof(category), category, "not a defined category.");

    private static CategoryInfo Both(SafetyCategory category, string title, CategoryKind kind, CategorySources sources)
        => new(category, title, kind, true, true, sources);

    private static CategoryInfo Words(SafetyCategory category, string title, CategoryKind kind, CategorySources sources)
        => new(category, title, kind, true, false, sources);

    private static CategoryInfo Pictures(SafetyCategory category, string title, CategoryKind kind, CategorySources sources)
        => new(category, title, kind, false, true, sources);

    private static CategoryInfo Neither(SafetyCategory category, string title, CategoryKind kind, CategorySources sources)
        => new(category, title, kind, false, false, sources);

    private static CategoryInfo[] InOrder(CategoryInfo[] table)
    {
        CategoryInfo[] ordered = [.. table.OrderBy(static i => i.Category)];
        return ordered.Select(static i => i.Category).SequenceEqual(Enum.GetValues<SafetyCategory>())
            ? ordered
            : throw new InvalidOperationException("The table of categories lists one twice or not at all.");
    }
}
