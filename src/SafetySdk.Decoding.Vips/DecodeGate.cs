namespace SafetySdk.Decoding.Vips;

/// <summary>Bounds how many pictures are decoded at a time in this process, and with that peak memory.</summary>
internal static class DecodeGate
{
    private static Gate _current = new(Environment.ProcessorCount);

    /// <summary>How many; at least 1. A change holds for decodes that start afterwards and does not count those that run.</summary>
    public static int Limit
    {
        get => Volatile.Read(ref _current).Limit;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            Volatile.Write(ref _current, new Gate(value));
        }
    }

    /// <summary>Waits for a slot.</summary>
    /// <returns>What gives it back: <see cref="SemaphoreSlim.Release()"/>.</returns>
    public static SemaphoreSlim Enter(CancellationToken cancellationToken)
    {
        SemaphoreSlim slots = Volatile.Read(ref _current).Slots;
        slots.Wait(cancellationToken);
        return slots;
    }

    private sealed record Gate(int Limit)
    {
        public SemaphoreSlim Slots { get; } = new(Limit);
    }
}
