namespace SafetySdk.Matching;

/// <summary>An index and how it is used.</summary>
/// <remarks>Thread-safe, and immutable but for what a <see cref="LiveHashIndex"/> holds. Does not close its index.</remarks>
public sealed record KnownContentBank
{
    private readonly HashIndex? _index;
    private readonly LiveHashIndex? _live;
    private readonly int? _distance;
    private readonly double _enabledRatio = 1;

    /// <summary>Uses an index that stays as it is.</summary>
    /// <param name="index">The index.</param>
    public KnownContentBank(HashIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        _index = index;
    }

    /// <summary>Uses an index that changes: each look-up takes its newest version.</summary>
    /// <param name="index">The index.</param>
    public KnownContentBank(LiveHashIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        _live = index;
    }

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

    /// <summary>Whether a law or a contract obliges the host to look at every hash of the bank: it is asked about every picture, and no
    /// negative bank takes its matches back; a person does. Such a bank has an <see cref="EnabledRatio"/> of 1 and is not
    /// <see cref="Negative"/>; <see cref="HashIndexMatcher"/> refuses it otherwise.</summary>
    public bool Mandatory { get; init; }

    /// <summary>The index as it is now, kept until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public HashIndexLease Acquire() => _live?.Acquire() ?? _index!.Acquire();
}
