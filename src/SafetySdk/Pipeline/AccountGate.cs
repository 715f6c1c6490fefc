using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>First stage: is this account allowed here at all?</summary>
internal static class AccountGate
{
    public static StageResult Check(AgeBand age)
        => new(age == AgeBand.Under13 ? [new Signal(SafetyCategory.UnderageAccount, 1, "account", "1")] : [], []);
}
