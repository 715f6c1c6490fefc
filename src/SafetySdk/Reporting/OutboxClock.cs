namespace SafetySdk.Reporting;

/// <summary>
/// The time of leases and pauses. It never goes back, neither while the process runs nor when it starts again, and always goes on: where
/// the wall clock jumps back, time that has passed is counted instead; where it jumps ahead, so does this clock. Thread-safe.
/// </summary>
internal sealed class OutboxClock(TimeProvider time)
{
    private readonly Lock _gate = new();
    private DateTimeOffset _time = DateTimeOffset.MinValue;
    private long _timestamp;

    /// <summary>The time now, at least the time that the store has seen; noted there where <paramref name="write"/>.</summary>
    public DateTimeOffset Now(IReportRows rows, bool write)
    {
        lock (_gate)
        {
            long timestamp = time.GetTimestamp();
            if (_time != DateTimeOffset.MinValue)
            {
                _time += time.GetElapsedTime(_timestamp, timestamp);
            }

            _timestamp = timestamp;
            _time = Later(_time, Later(time.GetUtcNow(), rows.Clock));
            if (write)
            {
                rows.Clock = _time;
            }

            return _time;
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
