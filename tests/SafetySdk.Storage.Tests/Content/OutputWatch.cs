using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace SafetySdk.Storage.Tests.Content;

/// <summary>Marks an exception of a test's own: it says what went in on purpose.</summary>
internal sealed class PlantedException(string message) : Exception(message);

/// <summary>
/// Collects all that comes out of the process: logs of every level, traces, metrics, event sources, both consoles, and every exception that
/// is raised while code of the library is on the stack, caught or not. Nothing else may run beside it.
/// </summary>
internal sealed class OutputWatch : EventListener, ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(string From, string Text)> _out = new();
    private readonly ActivityListener _activities = new()
    {
        ShouldListenTo = static _ => true,
        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    private readonly MeterListener _meters = new();
    private readonly TextWriter _console = Console.Out, _errors = Console.Error;
    private readonly ThreadLocal<bool> _inside = new();

    public OutputWatch()
    {
        _activities.ActivityStopped = a => Write("trace", $"{a.DisplayName} {a.StatusDescription} {string.Join(',', a.TagObjects)} {string.Join(',', a.Baggage)}"
            + string.Join(',', a.Events.Select(e => e.Name + string.Join(',', e.Tags))));
        ActivitySource.AddActivityListener(_activities);
        _meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((i, v, tags, _) => Measured(i, v, tags));
        _meters.SetMeasurementEventCallback<int>((i, v, tags, _) => Measured(i, v, tags));
        _meters.SetMeasurementEventCallback<double>((i, v, tags, _) => Measured(i, v, tags));
        _meters.Start();
        Console.SetOut(new Listening("console", this));
        Console.SetError(new Listening("console error", this));
        AppDomain.CurrentDomain.FirstChanceException += Raised;
    }

    /// <summary>All of it, with where it came from.</summary>
    public IReadOnlyCollection<(string From, string Text)> Output => _out;

    public void Write(string from, object? text)
    {
        // Null before the constructor of this class has run: the listener's own starts first.
        if (_out is not null && Convert.ToString(text, CultureInfo.InvariantCulture) is { Length: > 0 } said)
        {
            _out.Enqueue((from, said));
        }
    }

    public override void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= Raised;
        Console.SetOut(_console);
        Console.SetError(_errors);
        _activities.Dispose();
        _meters.Dispose();
        base.Dispose();
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider)
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state)
    {
        Write("log scope", state);
        return null;
    }

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Write("log", formatter(state, exception));
        Write("log", exception);
        if (state is IEnumerable<KeyValuePair<string, object?>> values)
        {
            Write("log", string.Join(',', values));
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        // The runtime's own sources tell numbers of tasks and addresses of code, thousands a second; its private ones dump what goes over
        // the wire, which is the report itself.
        if (!eventSource.Name.StartsWith("Private.InternalDiagnostics.", StringComparison.Ordinal) && eventSource.Name is not (
            "Microsoft-Windows-DotNETRuntime" or "System.Diagnostics.Eventing.FrameworkEventSource" or "Microsoft-Diagnostics-DiagnosticSource"
            or "System.Threading.Tasks.TplEventSource" or "System.Buffers.ArrayPoolEventSource" or "System.Runtime"))
        {
            EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Writing down raises events of its own: of pools, of tasks.
        if (_inside is not { Value: false })
        {
            return;
        }

        _inside.Value = true;
        Write($"event {eventData.EventSource.Name}", $"{eventData.EventName} {eventData.Message} {string.Join(',', eventData.Payload?.Select(Flat) ?? [])}");
        _inside.Value = false;
    }

    private static string? Flat(object? value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        System.Collections.IEnumerable many and not string => string.Join(';', many.Cast<object?>().Select(Flat)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private void Measured<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => Write("metric", $"{instrument.Name} {value} {string.Join(',', tags.ToArray())}");

    private void Raised(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (_inside.Value || e.Exception is PlantedException)
        {
            return;
        }

        _inside.Value = true;
        try
        {
            bool ours = new StackTrace(fNeedFileInfo: false).GetFrames().Any(static f =>
                f.GetMethod()?.DeclaringType?.Assembly.GetName().Name is { } name
                && name.StartsWith("SafetySdk", StringComparison.Ordinal) && !name.EndsWith(".Tests", StringComparison.Ordinal));
            if (ours)
            {
                Write("exception", e.Exception);
            }
        }
        finally
        {
            _inside.Value = false;
        }
    }

    private sealed class Listening(string from, OutputWatch watch) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => watch.Write(from, value);

        public override void Write(string? value) => watch.Write(from, value);

        public override void WriteLine(string? value) => watch.Write(from, value);

        public override void Write(char[] buffer, int index, int count) => watch.Write(from, new string(buffer, index, count));
    }
}
