namespace SafetySdk.Native;

/// <summary>Something behind a handle that calls on other threads may still use when it is freed: it goes with the last of them.</summary>
internal abstract class SharedResource : IDisposable
{
    private int _users = 1;

    /// <summary>Counts the caller among the users; false where all have left already.</summary>
    public bool TryEnter()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Undoes one <see cref="TryEnter"/>.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Release();
        }
    }

    /// <summary>The handle's own use ends. Called once, by who takes the object out of the table.</summary>
    public void Dispose() => Leave();

    /// <summary>Gives everything back.</summary>
    protected abstract void Release();
}

/// <summary>One use of a <see cref="SharedResource"/>.</summary>
internal readonly struct Use<T>(T value) : IDisposable
    where T : SharedResource
{
    public T Value => value;

    public void Dispose() => value.Leave();
}
