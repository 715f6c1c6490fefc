using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Native.Exports;

/// <summary>Verdicts of safetysdk.h.</summary>
internal static unsafe class VerdictExports
{
    // The C enums in their order, spelt out: a change of the managed enums must not change the ABI.
    private static readonly Decision[] Decisions =
        [Decision.NotChecked, Decision.Allow, Decision.Review, Decision.Transform, Decision.Block];

    private static readonly Stage[] Stages = [Stage.Account, Stage.Upload, Stage.Prompt, Stage.Joint, Stage.Output];

    // Bit i of SAFETY_ACTION_.
    private static readonly RequiredAction[] Actions =
    [
        RequiredAction.ReportToNcmec, RequiredAction.SuspendAccount, RequiredAction.PreserveEvidence, RequiredAction.OfferHelp,
        RequiredAction.TransformPrompt,
    ];

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int Free(nint verdict) => Guard.Run(() => Arguments.Free<Verdict>(verdict, nameof(verdict)));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_decision", CallConvs = [typeof(CallConvCdecl)])]
    public static int DecisionOf(nint verdict, int* decision) => Guard.Run(() =>
    {
        Arguments.NotNull(decision, nameof(decision));
        *decision = (int)Decision.NotChecked;
        *decision = Number(Decisions, Of(verdict).Decision);
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_stage_decision", CallConvs = [typeof(CallConvCdecl)])]
    public static int StageDecision(nint verdict, int stage, int* decision) => Guard.Run(() =>
    {
        Arguments.NotNull(decision, nameof(decision));
        *decision = (int)Decision.NotChecked;
        Stage wanted = Arguments.Member(Stages, stage, nameof(stage));
        *decision = Number(Decisions, Of(verdict).Stages.FirstOrDefault(s => s.Stage == wanted)?.Decision ?? Decision.NotChecked);
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_actions", CallConvs = [typeof(CallConvCdecl)])]
    public static int ActionsOf(nint verdict, uint* actions) => Guard.Run(() =>
    {
        Arguments.NotNull(actions, nameof(actions));
        *actions = 0;
        uint bits = 0;
        foreach (RequiredAction action in Of(verdict).Actions)
        {
            bits |= 1u << Number(Actions, action);
        }

        *actions = bits;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_report_required", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReportRequired(nint verdict, int* required) => Guard.Run(() =>
    {
        Arguments.NotNull(required, nameof(required));
        *required = 0;
        *required = Of(verdict).Actions.Contains(RequiredAction.ReportToNcmec) ? 1 : 0;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason_count", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReasonCount(nint verdict, nuint* count) => Guard.Run(() =>
    {
        Arguments.NotNull(count, nameof(count));
        *count = 0;
        *count = (nuint)Of(verdict).Reasons.Count;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason", CallConvs = [typeof(CallConvCdecl)])]
    public static int Reason(nint verdict, nuint index, NativeReason* reason) => Guard.Run(() =>
    {
        Arguments.Sized(reason, sizeof(NativeReason), nameof(reason));
        *reason = new NativeReason { StructSize = reason->StructSize };
        VerdictReason of = Reason(verdict, index);
        reason->Decision = Number(Decisions, of.Decision);
        reason->Stage = Number(Stages, of.Stage);
        reason->Score = of.Score;
        reason->Threshold = of.Threshold;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason_rule", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReasonRule(nint verdict, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Reason(verdict, index).Rule, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason_category", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReasonCategory(nint verdict, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Reason(verdict, index).Category.Name(), buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason_detector", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReasonDetector(nint verdict, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Reason(verdict, index).Detector, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_reason_source", CallConvs = [typeof(CallConvCdecl)])]
    public static int ReasonSource(nint verdict, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Reason(verdict, index).Source ?? string.Empty, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_failure_count", CallConvs = [typeof(CallConvCdecl)])]
    public static int FailureCount(nint verdict, nuint* count) => Guard.Run(() =>
    {
        Arguments.NotNull(count, nameof(count));
        *count = 0;
        *count = (nuint)Of(verdict).Failures.Count;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_failure_message", CallConvs = [typeof(CallConvCdecl)])]
    public static int FailureMessage(nint verdict, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(
            Arguments.Item(Of(verdict).Failures, index, "failure").Message, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_refusal", CallConvs = [typeof(CallConvCdecl)])]
    public static int Refusal(nint verdict, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(
            Of(verdict).Refusal is { } code ? PolicyVocabulary.AllNames<RefusalCode>()[(int)code] : string.Empty, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_policy_name", CallConvs = [typeof(CallConvCdecl)])]
    public static int PolicyName(nint verdict, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Of(verdict).PolicyName, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_policy_digest", CallConvs = [typeof(CallConvCdecl)])]
    public static int PolicyDigest(nint verdict, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Of(verdict).PolicyDigest, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_id", CallConvs = [typeof(CallConvCdecl)])]
    public static int Id(nint verdict, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Of(verdict).Id, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_json", CallConvs = [typeof(CallConvCdecl)])]
    public static int Json(nint verdict, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Of(verdict).ToJson(), buffer, capacity, needed));

    private static Verdict Of(nint verdict) => Arguments.Object<Verdict>(verdict, nameof(verdict));

    private static VerdictReason Reason(nint verdict, nuint index) => Arguments.Item(Of(verdict).Reasons, index, "reason");

    // A member that the header lacks is a fault of ours, and must not read as another one.
    private static int Number<T>(T[] members, T value)
        where T : struct, Enum
    {
        int number = Array.IndexOf(members, value);
        return number >= 0 ? number : throw new InvalidOperationException($"The header has no {typeof(T).Name} for this value.");
    }
}
