namespace SafetySdk.Storage;

/// <summary>How the in-memory rows take a transaction back: each change says how to undo it. Not thread-safe.</summary>
internal sealed class UndoLog
{
    private readonly List<Action> _steps = [];
    private bool _open;
    private bool _write;

    public void Begin(bool write)
    {
        if (_open)
        {
            throw new InvalidOperationException("A transaction runs within a transaction.");
        }

        _open = true;
        _write = write;
    }

    /// <summary>Notes how to undo a change that is about to be made.</summary>
    public void Add(Action undo)
    {
        if (!_open || !_write)
        {
            throw new InvalidOperationException("Nothing can be written outside of a writing transaction.");
        }

        _steps.Add(undo);
    }

    public void Commit()
    {
        _steps.Clear();
        _open = false;
    }

    public void RollBack()
    {
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            _steps[i]();
        }

        Commit();
    }
}
