namespace SafetySdk.Storage.Tests;

/// <summary>A clock that a test moves: time that passes, and a wall that jumps.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private DateTimeOffset _wall = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private long _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _wall;

    public override long GetTimestamp() => _passed;

    public void Pass(TimeSpan time)
    {
        _passed += time.Ticks;
        _wall += time;
    }

    public void Jump(TimeSpan time) => _wall += time;
}
