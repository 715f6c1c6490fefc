namespace SafetySdk.Classification;

/// <summary>What a match on a list of known content stands on.</summary>
public enum MatchBasis
{
    /// <summary>Not said: a suspicion.</summary>
    Unspecified = 0,

    /// <summary>The file is an exact copy of the entry.</summary>
    ExactHash,

    /// <summary>A perceptual hash of enough quality is near the entry's.</summary>
    NearHash,

    /// <summary>A classifier takes it for such content; no entry was compared.</summary>
    Classifier,

    /// <summary>A person looked and confirmed.</summary>
    HumanReview,
}

/// <summary>
/// How certain a match on a list of known content is, as the score of its signal: the floor blocks any match and reports only a confirmed
/// one; a rule of a policy may take a lower score for confirmed.
/// </summary>
public static class KnownContentScore
{
    /// <summary>Certain: an exact copy, or a person confirmed.</summary>
    public const double Confirmed = 1;

    /// <summary>The most that a perceptual hash scores.</summary>
    public const double MostNear = 0.99;

    /// <summary>The most that a classifier scores: it has compared nothing.</summary>
    public const double MostClassified = 0.75;

    /// <summary>The least that a match scores.</summary>
    public const double Suspected = 0.6;

    private const double PerBit = 0.0025;

    /// <summary>The score of a perceptual hash: 0.99, less 0.0025 for each bit, at least <see cref="Suspected"/>.</summary>
    /// <param name="distance">Hamming distance in bits, at least 0; of a hash with enough quality.</param>
    public static double Near(int distance) => Math.Max(Suspected, MostNear - (PerBit * Math.Max(0, distance)));

    /// <summary>The score of what somebody else matched.</summary>
    /// <param name="basis">What it stands on.</param>
    /// <param name="score">Their score, 0 to 1.</param>
    /// <returns>1 for an exact copy and what a person confirmed; otherwise their score within what the basis can carry.</returns>
    public static double Of(MatchBasis basis, double score) => basis switch
    {
        MatchBasis.ExactHash or MatchBasis.HumanReview => Confirmed,
        MatchBasis.NearHash => Math.Clamp(score, Suspected, MostNear),
        _ => Math.Clamp(score, 0, MostClassified),
    };
}
