using SafetySdk.Images;

namespace SafetySdk.Matching;

/// <summary>A picture was found on a list of known content.</summary>
/// <param name="List">Name of the list.</param>
/// <param name="EntryId">Identifier of the entry in that list.</param>
/// <param name="Algorithm">The fingerprint that hit: <c>pdq</c>, <c>md5</c>, <c>sha1</c>, <c>sha256</c>.</param>
/// <param name="Distance">Hamming distance in bits; 0 for exact fingerprints.</param>
/// <param name="Form">Which form of the picture hit: <c>original</c>, <c>rot90</c> … <c>flip_minus1</c>, the same of the picture
/// without its borders as <c>letterbox</c>, <c>letterbox_rot90</c> …, or <c>file</c>.</param>
/// <param name="Labels">Labels of the entry.</param>
public sealed record KnownContentMatch(
    string List, string EntryId, string Algorithm, int Distance, string Form, IReadOnlyList<string> Labels)
{
    /// <summary>Name of the list that the entry came from, where one index is built of several; empty where nobody said.</summary>
    public string Source { get; init; } = string.Empty;

    /// <summary>The list's class of the content, for example <c>A1</c>; null where it gives none.</summary>
    public string? Classification { get; init; }

    /// <summary>The list's state of the entry, lower case; null where it gives none.</summary>
    public string? State { get; init; }

    /// <summary>Names the list, and shows neither identifier nor labels: an identifier may be a file's name or the hash itself.</summary>
    public override string ToString() => $"{nameof(KnownContentMatch)} {{ {List}, {Algorithm} distance {Distance}, {Form} }}";
}

/// <summary>A match that a bank of known false positives took back.</summary>
/// <param name="Match">The match.</param>
/// <param name="By">The hit in the negative bank.</param>
/// <param name="Reason">Why: <c>exact_false_positive</c>, or <c>near_false_positive</c> where the picture is at least as near to
/// it.</param>
public sealed record VetoedMatch(KnownContentMatch Match, KnownContentMatch By, string Reason);

/// <summary>The outcome of a look-up.</summary>
/// <param name="Matches">Every entry within its threshold, nearest first.</param>
/// <param name="TooLittleDetail">The picture is too flat for a perceptual hash to mean anything; only exact fingerprints were
/// compared.</param>
public sealed record KnownContentResult(IReadOnlyList<KnownContentMatch> Matches, bool TooLittleDetail)
{
    /// <summary>Matches that a negative bank took back.</summary>
    public IReadOnlyList<VetoedMatch> Vetoed { get; init; } = [];

    /// <summary>Names of the banks that were not asked, because of their enabled ratio.</summary>
    public IReadOnlyList<string> NotAsked { get; init; } = [];
}

/// <summary>Finds pictures on lists of known content. Implementations are thread-safe.</summary>
public interface IKnownContentMatcher
{
    /// <summary>Name and digest of each list in use, for verdicts.</summary>
    IReadOnlyList<(string Name, string Digest)> Lists { get; }

    /// <summary>Looks a picture up, by its bytes and by its pixels in all eight orientations.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="image">The decoded picture.</param>
    KnownContentResult Match(ReadOnlySpan<byte> encoded, PixelBuffer image);

    /// <summary>Looks a file up by its bytes alone, for one that cannot be decoded.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <returns>Nothing unless the implementation compares exact fingerprints.</returns>
    KnownContentResult MatchFile(ReadOnlySpan<byte> encoded) => new([], TooLittleDetail: false);
}
