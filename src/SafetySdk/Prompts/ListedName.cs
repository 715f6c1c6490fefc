using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>What a listed name is.</summary>
public enum NameKind
{
    /// <summary>A person who does not want to be depicted.</summary>
    OptOut,

    /// <summary>A public figure.</summary>
    PublicFigure,

    /// <summary>A person who is no public figure.</summary>
    PrivatePerson,

    /// <summary>An artist whose style may be asked for.</summary>
    Artist,

    /// <summary>A fictional character.</summary>
    Character,

    /// <summary>A brand.</summary>
    Brand,
}

/// <summary>Whether a person lives, as far as the list knows.</summary>
public enum LifeStatus
{
    /// <summary>Not known; an artist is then taken for living.</summary>
    Unknown,

    /// <summary>Living.</summary>
    Living,

    /// <summary>Deceased.</summary>
    Deceased,
}

/// <summary>A line of a list of names. Immutable.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The first name of the line, as written there.</param>
/// <param name="Born">Day of birth; of a year alone, its last day; null where not known.</param>
/// <param name="Died">Day of death; of a year alone, its last day; null where not known.</param>
/// <param name="Status">Whether the person lives.</param>
/// <param name="Source">Where the status is from; null where the list does not say.</param>
/// <param name="AsOf">Day that the status was true on; null where the list does not say.</param>
public sealed record ListedName(
    NameKind Kind, string Name, DateOnly? Born, DateOnly? Died, LifeStatus Status, string? Source, DateOnly? AsOf)
{
    private const int AdultAge = 18;

    /// <summary>The kind and the status; never the name.</summary>
    public override string ToString() => $"{nameof(ListedName)} {{ {Kind}, {Status} }}";

    /// <summary>The category that a mention shows on a day; null for none.</summary>
    internal SafetyCategory? Category(DateOnly today) => Kind switch
    {
        NameKind.OptOut => SafetyCategory.OptedOutPerson,
        NameKind.PrivatePerson => SafetyCategory.NamedPerson,
        NameKind.Artist => Status == LifeStatus.Deceased ? null : SafetyCategory.ArtistStyle,
        NameKind.PublicFigure => Born?.AddYears(AdultAge) > today ? SafetyCategory.PublicFigureMinor : SafetyCategory.PublicFigure,
        _ => null,
    };
}

/// <summary>A listed name in a text.</summary>
/// <param name="Name">The line of the list.</param>
/// <param name="Span">Where it stands in the text as given; for an artist, with the words that ask for the style.</param>
public sealed record NameMention(ListedName Name, TextSpan Span)
{
    /// <summary>The kind, the status and the place; never the name.</summary>
    public override string ToString() => $"{nameof(NameMention)} {{ {Name}, {Span} }}";
}
