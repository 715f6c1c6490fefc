using SafetySdk.Policies;

namespace SafetySdk.Accounts;

/// <summary>The rules by which accounts change, over the rows of one transaction.</summary>
/// <remarks>
/// A standing gets stricter by whatever happened, and milder only by a decided appeal or by an operator with a reason. Not thread-safe,
/// like its rows.
/// </remarks>
/// <param name="rows">The rows.</param>
/// <param name="now">The host's clock.</param>
public sealed class AccountLedger(IAccountRows rows, DateTimeOffset now)
{
    /// <summary>The account; in good standing and of unknown age where nobody wrote it down yet.</summary>
    /// <param name="accountId">Its identifier.</param>
    /// <exception cref="ArgumentException">The identifier is empty or too long.</exception>
    public Account Find(string accountId)
    {
        CheckId(accountId);
        return rows.Find(accountId) ?? new Account(accountId);
    }

    /// <summary>
    /// Takes an age in. A younger band is taken from anybody; an older one only from a stronger source than the one that said the younger,
    /// or from a verification, so that nobody grows up by declaring it again.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="age">The age band; <see cref="AgeBand.Unknown"/> changes nothing.</param>
    /// <param name="source">Who says so.</param>
    /// <returns>The account, changed or not.</returns>
    public Account SetAge(string accountId, AgeBand age, AgeSource source)
    {
        Account account = Find(accountId);
        if (!Enum.IsDefined(age) || !Enum.IsDefined(source) || (source == AgeSource.None && age != AgeBand.Unknown))
        {
            throw new ArgumentOutOfRangeException(nameof(age), "An age band needs a defined value and a source.");
        }

        bool younger = age > account.Age;
        bool believed = source == AgeSource.Verified || source > account.AgeSource;
        if (age == AgeBand.Unknown || (!younger && !believed) || (age == account.Age && source <= account.AgeSource))
        {
            return account;
        }

        return Put(account with { Age = age, AgeSource = source });
    }

    /// <summary>
    /// Makes the standing as strict as asked; one that is stricter already stays. A cause for suspension is written down even where it
    /// changes nothing.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="standing">The least standing it is to have.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who.</param>
    /// <param name="verdictId">The verdict that led to it, if one did.</param>
    /// <returns>What was written down; null where nothing was.</returns>
    public StandingChange? Raise(string accountId, AccountStanding standing, string reason, string by, string? verdictId = null)
    {
        Account account = Find(accountId);
        return standing <= account.Standing && standing < AccountStanding.Suspended
            ? null
            : Change(account, standing, standing > account.Standing ? standing : account.Standing, reason, by, verdictId, null);
    }

    /// <summary>An operator makes the standing milder.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="standing">The new standing.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who.</param>
    /// <returns>The change; null where the standing is as mild already.</returns>
    public StandingChange? Lift(string accountId, AccountStanding standing, string reason, string by)
    {
        Account account = Find(accountId);
        return standing >= account.Standing ? null : Change(account, standing, standing, reason, by, null, null);
    }

    /// <summary>Opens an appeal against a change that made the standing stricter.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="change">The change's sequence.</param>
    /// <returns>The appeal.</returns>
    /// <exception cref="AccountException">There is no such change, it made nothing stricter, or it was appealed before.</exception>
    public Appeal Open(string accountId, long change)
    {
        Find(accountId);
        if (rows.Changes(accountId).FirstOrDefault(c => c.Sequence == change) is not { IsCharge: true })
        {
            throw new AccountException(AccountError.NoSuchChange, "The account has no such change to a stricter standing.");
        }

        if (rows.FindAppeal(accountId, change) is not null)
        {
            throw new AccountException(AccountError.AlreadyDecided, "This change was appealed before; an appeal is heard once.");
        }

        var appeal = new Appeal(accountId, change, now);
        return appeal with { Sequence = rows.Add(appeal) };
    }

    /// <summary>Takes an appeal under review, also from another person who has it.</summary>
    /// <param name="appeal">The appeal's sequence.</param>
    /// <param name="by">Who reviews it.</param>
    /// <returns>The appeal.</returns>
    /// <exception cref="AccountException">There is no such appeal, or it is decided already.</exception>
    public Appeal Review(long appeal, string by)
    {
        CheckWords("review", by);
        Appeal taken = Undecided(appeal) with { State = AppealState.UnderReview, DecidedBy = by };
        rows.Update(taken);
        return taken;
    }

    /// <summary>Decides an appeal. A reversal restores the standing that the account would have without the change.</summary>
    /// <param name="appeal">The appeal's sequence.</param>
    /// <param name="outcome"><see cref="AppealState.Upheld"/> or <see cref="AppealState.Reversed"/>.</param>
    /// <param name="reason">Why; no content.</param>
    /// <param name="by">Who decided.</param>
    /// <param name="change">The reversal; null where the appeal was upheld.</param>
    /// <returns>The decided appeal.</returns>
    /// <exception cref="AccountException">There is no such appeal, it is decided already, or somebody else reviews it.</exception>
    public Appeal Decide(long appeal, AppealState outcome, string reason, string by, out StandingChange? change)
    {
        if (outcome is not (AppealState.Upheld or AppealState.Reversed))
        {
            throw new ArgumentOutOfRangeException(nameof(outcome), "An appeal is decided as upheld or reversed.");
        }

        CheckWords(reason, by);
        Appeal open = Undecided(appeal);
        if (open.State == AppealState.UnderReview && open.DecidedBy != by)
        {
            throw new AccountException(AccountError.UnderReview, "Somebody else reviews the appeal; take it over first.");
        }

        Appeal decided = open with { State = outcome, Reason = reason, DecidedBy = by, DecidedAt = now };
        rows.Update(decided);
        change = outcome == AppealState.Reversed ? Reverse(open, reason, by) : null;
        return decided;
    }

    /// <summary>Notes a signal and what follows from it by the host's rules.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="rules">The host's rules.</param>
    /// <returns>The change of standing; null where there is none.</returns>
    public StandingChange? Note(AccountSignal signal, AccountRules rules)
    {
        ArgumentNullException.ThrowIfNull(signal);
        ArgumentNullException.ThrowIfNull(rules);
        CheckId(signal.AccountId);
        rows.Add(signal);
        if (rules.WarnAfter is null && rules.SuspendAfter is null)
        {
            return null;
        }

        AccountStanding asked = rules.StandingFor(Activity(signal.AccountId, rules.Window));
        return asked <= Find(signal.AccountId).Standing ? null : Raise(signal.AccountId, asked, "repeated violations", "account-rules", signal.VerdictId);
    }

    /// <summary>
    /// What counted against the account within a window up to now. Signals whose time lies ahead count: a clock that jumped back forgives
    /// nothing.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="window">How far back.</param>
    public AccountActivity Activity(string accountId, TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        DateTimeOffset since = now - DateTimeOffset.MinValue > window ? now - window : DateTimeOffset.MinValue;
        return AccountActivity.Of(rows.Signals(accountId, since, AccountActivity.MaxSignals));
    }

    private Appeal Undecided(long appeal)
    {
        Appeal found = rows.FindAppeal(appeal) ?? throw new AccountException(AccountError.NoSuchAppeal, "There is no such appeal.");
        return found.State is AppealState.Open or AppealState.UnderReview
            ? found
            : throw new AccountException(AccountError.AlreadyDecided, "The appeal is decided already.");
    }

    // What every other change that still holds asks for: a later suspension survives the reversal of an earlier one.
    private StandingChange Reverse(Appeal appeal, string reason, string by)
    {
        IReadOnlyList<StandingChange> changes = rows.Changes(appeal.AccountId);
        HashSet<long> undone = [appeal.Change, .. changes.Select(c => c.Reverses).OfType<long>()];
        var standing = AccountStanding.Good;
        foreach (StandingChange past in changes.Where(c => c.Reverses is null && !undone.Contains(c.Sequence)))
        {
            bool stricter = past.Asked > standing;
            standing = past.IsCharge == stricter ? past.Asked : standing;
        }

        Account account = Find(appeal.AccountId);
        // Written down even where another charge keeps the standing: the next reversal must know.
        standing = standing < account.Standing ? standing : account.Standing;
        return Change(account, standing, standing, reason, by, null, appeal.Change);
    }

    private StandingChange Change(
        Account account, AccountStanding asked, AccountStanding standing, string reason, string by, string? verdictId, long? reverses)
    {
        CheckWords(reason, by);
        if (!Enum.IsDefined(asked))
        {
            throw new ArgumentOutOfRangeException(nameof(asked), "The standing is not a defined one.");
        }

        var change = new StandingChange(account.Id, account.Standing, standing, reason, by, now)
        {
            Asked = asked,
            VerdictId = verdictId,
            Reverses = reverses,
        };
        change = change with { Sequence = rows.Add(change) };
        if (standing != account.Standing)
        {
            Put(account with { Standing = standing });
        }

        return change;
    }

    private Account Put(Account account)
    {
        Account changed = account with { ChangedAt = now };
        rows.Put(changed);
        return changed;
    }

    private static void CheckId(string accountId)
    {
        ArgumentException.ThrowIfNullOrEmpty(accountId);
        if (accountId.Length > Account.MaxIdLength)
        {
            throw new ArgumentException($"An account's identifier has at most {Account.MaxIdLength} characters.", nameof(accountId));
        }
    }

    private static void CheckWords(string reason, string by)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        if (reason.Length > StandingChange.MaxReasonLength || by.Length > Account.MaxIdLength)
        {
            throw new ArgumentException(
                $"A reason has at most {StandingChange.MaxReasonLength} characters, a name {Account.MaxIdLength}.", nameof(reason));
        }
    }
}
