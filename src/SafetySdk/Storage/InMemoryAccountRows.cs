using SafetySdk.Accounts;

namespace SafetySdk.Storage;

/// <summary>Accounts in memory.</summary>
internal sealed class InMemoryAccountRows(UndoLog undo) : IAccountRows
{
    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<StandingChange>> _changes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<AccountSignal>> _signals = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, Appeal> _appeals = [];
    private long _changeSequence;
    private long _appealSequence;

    public Account? Find(string accountId) => _accounts.GetValueOrDefault(accountId);

    public void Put(Account account)
    {
        Account? before = Find(account.Id);
        undo.Add(() =>
        {
            _accounts.Remove(account.Id);
            if (before is not null)
            {
                _accounts.Add(account.Id, before);
            }
        });
        _accounts[account.Id] = account;
    }

    public long Add(StandingChange change)
    {
        List<StandingChange> changes = ListOf(_changes, change.AccountId);
        undo.Add(() => changes.RemoveAt(changes.Count - 1));
        changes.Add(change with { Sequence = ++_changeSequence });
        return _changeSequence;
    }

    public IReadOnlyList<StandingChange> Changes(string accountId) => _changes.TryGetValue(accountId, out var changes) ? [.. changes] : [];

    public void Add(AccountSignal signal)
    {
        List<AccountSignal> signals = ListOf(_signals, signal.AccountId);
        undo.Add(() => signals.RemoveAt(signals.Count - 1));
        signals.Add(signal);
    }

    public IReadOnlyList<AccountSignal> Signals(string accountId, DateTimeOffset since, int max)
        => _signals.TryGetValue(accountId, out var signals) ? [.. Enumerable.Reverse(signals).Where(s => s.At >= since).Take(max)] : [];

    public int RemoveSignals(DateTimeOffset before)
    {
        int removed = 0;
        foreach (List<AccountSignal> signals in _signals.Values)
        {
            AccountSignal[] all = [.. signals];
            undo.Add(() =>
            {
                signals.Clear();
                signals.AddRange(all);
            });
            removed += signals.RemoveAll(s => s.At < before);
        }

        return removed;
    }

    public long Add(Appeal appeal)
    {
        long sequence = ++_appealSequence;
        undo.Add(() => _appeals.Remove(sequence));
        _appeals.Add(sequence, appeal with { Sequence = sequence });
        return sequence;
    }

    public void Update(Appeal appeal)
    {
        Appeal before = _appeals[appeal.Sequence];
        undo.Add(() => _appeals[appeal.Sequence] = before);
        _appeals[appeal.Sequence] = appeal;
    }

    public Appeal? FindAppeal(long sequence) => _appeals.GetValueOrDefault(sequence);

    public Appeal? FindAppeal(string accountId, long change)
        => _appeals.Values.FirstOrDefault(a => a.AccountId == accountId && a.Change == change);

    public IReadOnlyList<Appeal> Appeals(AppealState state, int max) => [.. _appeals.Values.Where(a => a.State == state).Take(max)];

    private static List<T> ListOf<T>(Dictionary<string, List<T>> lists, string accountId)
    {
        if (!lists.TryGetValue(accountId, out List<T>? list))
        {
            lists.Add(accountId, list = []);
        }

        return list;
    }
}
