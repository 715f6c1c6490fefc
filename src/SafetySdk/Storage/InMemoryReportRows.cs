using SafetySdk.Reporting;

namespace SafetySdk.Storage;

/// <summary>The outbox in memory.</summary>
internal sealed class InMemoryReportRows(UndoLog undo) : IReportRows
{
    private readonly Dictionary<string, OutboxReport> _reports = new(StringComparer.Ordinal);
    private readonly SortedSet<(DateTimeOffset DueAt, long Sequence, string Key)> _due = [];
    private DateTimeOffset _clock = DateTimeOffset.MinValue;
    private long _sequence;

    public OutboxStatus Status => new(
        Count(ReportState.Pending), Count(ReportState.Leased), Count(ReportState.Delivered), Count(ReportState.Dead));

    public DateTimeOffset Clock
    {
        get => _clock;
        set
        {
            DateTimeOffset before = _clock;
            undo.Add(() => _clock = before);
            _clock = value;
        }
    }

    public OutboxReport? Find(string key) => _reports.GetValueOrDefault(key);

    public long Add(OutboxReport report)
    {
        OutboxReport added = report with { Sequence = ++_sequence };
        undo.Add(() => Set(report.Key, null));
        Set(report.Key, added);
        return _sequence;
    }

    public void Update(OutboxReport report)
    {
        OutboxReport before = _reports[report.Key];
        undo.Add(() => Set(report.Key, before));
        Set(report.Key, report);
    }

    public OutboxReport? NextDue(DateTimeOffset now) => _due.Count > 0 && _due.Min.DueAt <= now ? _reports[_due.Min.Key] : null;

    public IReadOnlyList<OutboxReport> List(ReportState state, long after, int max)
        => [.. _reports.Values.Where(r => r.State == state && r.Sequence > after).OrderBy(r => r.Sequence).Take(max)];

    private long Count(ReportState state) => _reports.Values.Count(r => r.State == state);

    private void Set(string key, OutboxReport? report)
    {
        if (_reports.TryGetValue(key, out OutboxReport? before))
        {
            _due.Remove((before.DueAt, before.Sequence, key));
            _reports.Remove(key);
        }

        if (report is not null)
        {
            _reports.Add(key, report);
            if (report.State is ReportState.Pending or ReportState.Leased)
            {
                _due.Add((report.DueAt, report.Sequence, key));
            }
        }
    }
}
