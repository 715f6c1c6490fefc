namespace SafetySdk.External;

/// <summary>Whether calls go through.</summary>
public enum CircuitState
{
    /// <summary>Calls go through.</summary>
    Closed,

    /// <summary>Too many failed in a row: calls fail at once.</summary>
    Open,

    /// <summary>The pause is over: one call tries, all others fail at once.</summary>
    HalfOpen,
}

/// <summary>
/// Stops calling what keeps failing, so that its deadline is not waited for on every request. Thread-safe. A call that is not permitted is
/// a failed check like any other: the breaker saves time, it allows nothing.
/// </summary>
internal sealed class CircuitBreaker(int failuresToOpen, TimeSpan openFor, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private CircuitState _state;
    private int _failures;
    private long _opened;

    public CircuitState State
    {
        get
        {
            lock (_gate)
            {
                return _state == CircuitState.Open && IsPauseOver ? CircuitState.HalfOpen : _state;
            }
        }
    }

    private bool IsPauseOver => clock.GetElapsedTime(_opened) >= openFor;

    /// <summary>Whether a call may start. Each permitted call ends with <see cref="Succeed"/>, <see cref="Fail"/> or
    /// <see cref="Withdraw"/>.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_state == CircuitState.Closed)
            {
                return true;
            }

            if (_state == CircuitState.HalfOpen || !IsPauseOver)
            {
                return false;
            }

            _state = CircuitState.HalfOpen;
            return true;
        }
    }

    public void Succeed()
    {
        lock (_gate)
        {
            // A call that began before the circuit opened proves nothing about now.
            if (_state != CircuitState.Open)
            {
                _state = CircuitState.Closed;
                _failures = 0;
            }
        }
    }

    public void Fail()
    {
        lock (_gate)
        {
            _failures++;
            if (_state == CircuitState.HalfOpen || (_state == CircuitState.Closed && _failures >= failuresToOpen))
            {
                _state = CircuitState.Open;
                _opened = clock.GetTimestamp();
            }
        }
    }

    /// <summary>The caller gave up: that says nothing about what was called.</summary>
    public void Withdraw()
    {
        lock (_gate)
        {
            // The next call tries instead.
            if (_state == CircuitState.HalfOpen)
            {
                _state = CircuitState.Open;
            }
        }
    }
}
