using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>
/// First stage: is this account allowed here at all? With a look-up it tells standing, history and the stricter of two age bands; without
/// one, what the request says.
/// </summary>
internal sealed class AccountGate(IAccountLookup? accounts)
{
    /// <summary>Name of the check, as in failures, notes and signals.</summary>
    public const string Check = "account";

    private const string Version = "1";

    /// <summary>A warning alone: below what any built-in policy acts upon, there for policies that do.</summary>
    private const double WarnedRisk = 0.5;

    private static readonly AccountFinding Nothing = new(new StageResult([], []), null);

    /// <summary>Whether the stage has something to ask that the policy does not know from the request.</summary>
    public bool LooksUp(SafetyRequest request) => accounts is not null && request.AccountId is not null;

    public async ValueTask<AccountFinding> CheckAsync(SafetyRequest request, StageBudget budget)
        => LooksUp(request) ? await AskAsync(request, budget).ConfigureAwait(false)
            : request.Age == AgeBand.Under13 ? new AccountFinding(new StageResult([Underage()], []), null)
            : Nothing;

    private async ValueTask<AccountFinding> AskAsync(SafetyRequest request, StageBudget budget)
    {
        AccountFinding asked = await budget.AskAsync(
            token => accounts!.FindAsync(request.AccountId!, token),
            status => Read(status, request.Age),
            () => Failed(CheckFailureKind.TimedOut, "not done within the time of the stage."),
            // Its text may quote the account: the type alone is safe to pass on.
            e => Failed(
                e is ArgumentException ? CheckFailureKind.InvalidInput : CheckFailureKind.Unavailable,
                $"it could not be looked up ({e.GetType().Name}).")).ConfigureAwait(false);
        return asked.Status is null && request.Age == AgeBand.Under13
            ? asked with { Result = asked.Result with { Signals = [Underage()] } }
            : asked;
    }

    private static AccountFinding Read(AccountStatus? status, AgeBand requested)
    {
        if (status?.Account is not { } account || !Enum.IsDefined(account.Standing) || !Enum.IsDefined(account.Age))
        {
            return Failed(CheckFailureKind.Fault, "the look-up gave nothing that an account can be judged by.");
        }

        var signals = new List<Signal>();
        if (account.Standing >= AccountStanding.Suspended)
        {
            signals.Add(new Signal(SafetyCategory.AccountDenied, 1, Check, Version));
        }

        AgeBand age = account.AgeFor(requested);
        if (age == AgeBand.Under13)
        {
            signals.Add(Underage());
        }

        if (account.Standing == AccountStanding.Warned)
        {
            signals.Add(new Signal(SafetyCategory.AccountRisk, WarnedRisk, "account-standing", Version));
        }

        // Not a number is as bad as can be: the policy takes it for 1.
        if (!(status.Risk <= 0))
        {
            signals.Add(new Signal(SafetyCategory.AccountRisk, Math.Min(status.Risk, 1), "account-history", Version));
        }

        CheckNote[] notes = age == requested
            ? []
            : [new CheckNote(Check, $"the account's age band ({age.Name()}) counts in place of the request's.")];
        return new AccountFinding(new StageResult(signals, []) { Notes = notes }, status);
    }

    private static AccountFinding Failed(CheckFailureKind kind, string message)
        => new(
            new StageResult(
                [],
                [
                    new CheckFailure(Check, kind, $"the account: {message}")
                    {
                        Source = Check,
                        Categories = [SafetyCategory.AccountDenied, SafetyCategory.AccountRisk, SafetyCategory.UnderageAccount],
                    },
                ]),
            null);

    private static Signal Underage() => new(SafetyCategory.UnderageAccount, 1, Check, Version);
}

/// <summary>What the account gate saw.</summary>
/// <param name="Result">Signals and failures.</param>
/// <param name="Status">What the look-up said; null where there is none, or it failed.</param>
internal sealed record AccountFinding(StageResult Result, AccountStatus? Status);
