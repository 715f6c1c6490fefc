namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>A clock that a test moves. Timers run by the system's.</summary>
internal sealed class MovedTime : TimeProvider
{
    private DateTimeOffset _now = SampleTips.Now;
    private long _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _passed;

    public void Pass(TimeSpan time)
    {
        _now += time;
        _passed += time.Ticks;
    }
}
