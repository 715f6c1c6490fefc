using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Native.Exports;

/// <summary>Results of look-ups of safetysdk.h.</summary>
internal static unsafe class MatchExports
{
    [UnmanagedCallersOnly(EntryPoint = "safety_matches_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int Free(nint matches) => Guard.Run(() => Arguments.Free<NativeMatches>(matches, nameof(matches)));

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_outcome", CallConvs = [typeof(CallConvCdecl)])]
    public static int Outcome(nint matches, int* outcome) => Guard.Run(() =>
    {
        Arguments.NotNull(outcome, nameof(outcome));
        *outcome = (int)MatchOutcome.NotSearched;
        *outcome = (int)Of(matches).Outcome;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_count", CallConvs = [typeof(CallConvCdecl)])]
    public static int Count(nint matches, nuint* count) => Guard.Run(() =>
    {
        Arguments.NotNull(count, nameof(count));
        *count = 0;
        *count = (nuint)Of(matches).Matches.Count;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_distance", CallConvs = [typeof(CallConvCdecl)])]
    public static int Distance(nint matches, nuint index, int* distance) => Guard.Run(() =>
    {
        Arguments.NotNull(distance, nameof(distance));
        *distance = int.MaxValue;
        *distance = Match(matches, index).Distance;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_algorithm", CallConvs = [typeof(CallConvCdecl)])]
    public static int Algorithm(nint matches, nuint index, int* kind) => Guard.Run(() =>
    {
        Arguments.NotNull(kind, nameof(kind));
        *kind = 0;
        *kind = HashKinds.TryParse(Match(matches, index).Algorithm, out HashKind known) ? HashingExports.Number(known) : 0;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_list", CallConvs = [typeof(CallConvCdecl)])]
    public static int List(nint matches, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Match(matches, index).List, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_entry", CallConvs = [typeof(CallConvCdecl)])]
    public static int Entry(nint matches, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Match(matches, index).EntryId, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_form", CallConvs = [typeof(CallConvCdecl)])]
    public static int Form(nint matches, nuint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Match(matches, index).Form, buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_matches_json", CallConvs = [typeof(CallConvCdecl)])]
    public static int Json(nint matches, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Of(matches).ToJson(), buffer, capacity, needed));

    private static NativeMatches Of(nint matches) => Arguments.Object<NativeMatches>(matches, nameof(matches));

    private static KnownContentMatch Match(nint matches, nuint index) => Arguments.Item(Of(matches).Matches, index, "match");
}
