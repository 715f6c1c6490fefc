using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Native.Exports;

/// <summary>Pipelines of safetysdk.h.</summary>
internal static unsafe class PipelineExports
{
    // The C enums in their order, spelt out: a change of the managed enums must not change the ABI.
    private static readonly Operation[] Operations = [Operation.Generate, Operation.Edit, Operation.Understand];
    private static readonly AgeBand[] Ages = [AgeBand.Unknown, AgeBand.Adult, AgeBand.Teen, AgeBand.Under13];

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(NativePipelineOptions* options, nint* pipeline) => Guard.Run(() =>
    {
        NotNull(pipeline, nameof(pipeline));
        *pipeline = 0;
        NotNull(options, nameof(options));
        Sized(options->StructSize, (nuint)sizeof(NativePipelineOptions), nameof(options));
        string? home = Marshalling.Name(options->Home, "home");
        string? policy = Marshalling.Name(options->Policy, "policy");
        List<string> lists = Marshalling.Names(options->Lists, options->ListCount, "lists");
        try
        {
            *pipeline = HandleTable.Add(new NativePipeline(home, policy, lists));
        }
        catch (ArgumentException e) when (e.ParamName == "nameOrPath")
        {
            throw new NativeCallException(Status.Policy, e.Message);
        }

        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int Free(nint pipeline) => Guard.Run(() =>
    {
        if (pipeline != 0)
        {
            (HandleTable.Remove<NativePipeline>(pipeline) ?? throw BadHandle("pipeline")).Dispose();
        }

        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check", CallConvs = [typeof(CallConvCdecl)])]
    public static int Check(nint pipeline, NativeRequest* request, nint* verdict) => Guard.Run(() =>
    {
        NotNull(verdict, nameof(verdict));
        *verdict = 0;
        NotNull(request, nameof(request));
        Sized(request->StructSize, (nuint)sizeof(NativeRequest), nameof(request));
        NativePipeline target = HandleTable.Get<NativePipeline>(pipeline) ?? throw BadHandle("pipeline");
        *verdict = HandleTable.Add(target.Check(new SafetyRequest
        {
            Prompt = request->Prompt is { Data: null, Length: 0 } ? null : Prompt(request->Prompt),
            Images = [.. Marshalling.Files(request->Images, request->ImageCount, "images").Select(f => (ReadOnlyMemory<byte>)f.Memory)],
            OutputImages =
            [
                .. Marshalling.Files(request->OutputImages, request->OutputImageCount, "output_images")
                    .Select(f => (ReadOnlyMemory<byte>)f.Memory),
            ],
            Operation = Member(Operations, request->Operation, "operation"),
            Age = Member(Ages, request->Age, "age"),
            ChatRefused = request->ChatRefused != 0,
        }));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int FreeVerdict(nint verdict) => Guard.Run(() =>
        verdict == 0 || HandleTable.Remove<Verdict>(verdict) is not null ? Status.Ok : throw BadHandle("verdict"));

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_decision", CallConvs = [typeof(CallConvCdecl)])]
    public static int VerdictDecision(nint verdict, int* decision) => Guard.Run(() =>
    {
        NotNull(decision, nameof(decision));
        *decision = (int)Decision.NotChecked;
        *decision = (int)(HandleTable.Get<Verdict>(verdict) ?? throw BadHandle("verdict")).Decision;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_verdict_json", CallConvs = [typeof(CallConvCdecl)])]
    public static int VerdictAsJson(nint verdict, byte* buffer, nuint capacity, nuint* needed) => Guard.Run(() =>
        Marshalling.WriteText((HandleTable.Get<Verdict>(verdict) ?? throw BadHandle("verdict")).ToJson(), buffer, capacity, needed));

    private static string Prompt(NativeSpan prompt)
    {
        try
        {
            return PromptText.FromUtf8(Marshalling.Span(prompt, "prompt"));
        }
        catch (PromptException e)
        {
            throw new NativeCallException(Status.InvalidArgument, $"prompt: {e.Message}");
        }
    }

    private static T Member<T>(T[] members, int value, string name)
        => value >= 0 && value < members.Length
            ? members[value]
            : throw new NativeCallException(Status.InvalidArgument, $"{name}: there is no value {value}.");

    private static void NotNull(void* pointer, string name)
    {
        if (pointer is null)
        {
            throw new NativeCallException(Status.InvalidArgument, $"{name} is null.");
        }
    }

    // A later header may make a structure longer; this library then reads the part it knows.
    private static void Sized(nuint given, nuint known, string name)
    {
        if (given < known)
        {
            throw new NativeCallException(
                Status.InvalidArgument, $"{name}: struct_size is {given}, at least {known} is expected; use the _INIT macro.");
        }
    }

    private static NativeCallException BadHandle(string name)
        => new(Status.InvalidHandle, $"{name}: not a live handle of this type.");
}
