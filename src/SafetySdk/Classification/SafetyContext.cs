namespace SafetySdk.Classification;

/// <summary>What a request is for, where that changes what may be shown.</summary>
public enum SafetyContext
{
    /// <summary>Art and fiction: films, games, satire.</summary>
    Artistic,

    /// <summary>Teaching, research, criticism.</summary>
    Educational,

    /// <summary>Reporting.</summary>
    News,

    /// <summary>Medicine and health.</summary>
    Medical,

    /// <summary>History and remembrance.</summary>
    Historical,
}

/// <summary>
/// That a context holds. It is no signal: a signal never softens a decision, a context may, where the policy says so and the system cards
/// allow it.
/// </summary>
/// <param name="Context">The context.</param>
/// <param name="Score">How sure, 0 to 1; a value that is not a finite number counts as 0.</param>
/// <param name="Source">Who says so: <c>host</c>, or the name of a detector.</param>
public sealed record ContextFinding(SafetyContext Context, double Score, string Source);
