using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace SafetySdk.Storage.Tests;

/// <summary>All that is logged, at every level. Thread-safe.</summary>
internal sealed class CapturedLog : ILoggerFactory, ILogger
{
    private readonly StringBuilder _text = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_text)
        {
            _text.AppendLine(formatter(state, exception)).Append(exception).AppendLine();
            foreach (KeyValuePair<string, object?> value in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                _text.Append(value.Key).Append('=').Append(value.Value).AppendLine();
            }
        }
    }

    public override string ToString()
    {
        lock (_text)
        {
            return _text.ToString();
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>All that a source traces. Thread-safe.</summary>
internal sealed class CapturedTraces : IDisposable
{
    private readonly StringBuilder _text = new();
    private readonly ActivityListener _listener;

    public CapturedTraces(string source)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public override string ToString()
    {
        lock (_text)
        {
            return _text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Activity activity)
    {
        lock (_text)
        {
            _text.Append(activity.DisplayName).Append(activity.StatusDescription).AppendLine();
            foreach (KeyValuePair<string, object?> tag in activity.TagObjects.Concat(activity.Events.SelectMany(e => e.Tags)))
            {
                _text.Append(tag.Key).Append('=').Append(tag.Value).AppendLine();
            }
        }
    }
}
