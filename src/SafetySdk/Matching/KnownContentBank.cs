namespace SafetySdk.Matching;

/// <summary>An index and how it is used.</summary>
/// <param name="Index">The index.</param>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed record KnownContentBank(HashIndex Index)
{
    private readonly int? _distance;
    private readonly double _enabledRatio = 1;

    /// <summary>Most bits in which a PDQ hash may differ, 0 to <see cref="HashIndexWriter.MaxMatchDistance"/>; null: as the index
    /// says.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside the range.</exception>
    public int? Distance
    {
        get => _distance;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value ?? 0, nameof(value));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value ?? 0, HashIndexWriter.MaxMatchDistance, nameof(value));
            _distance = value;
        }
    }

    /// <summary>Part of the queries that the bank is asked, 0 to 1. Which ones follows from the query and the bank's name alone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside the range, or not a number.</exception>
    public double EnabledRatio
    {
        get => _enabledRatio;
        init => _enabledRatio = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    /// <summary>Whether the bank holds known false positives, which veto the matches of other banks instead of giving matches.</summary>
    public bool Negative { get; init; }

    /// <summary>The distance in use.</summary>
    public int MatchDistance => Distance ?? Index.MatchDistance;
}
