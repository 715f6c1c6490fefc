using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Native.Exports;

/// <summary>Pipelines and cancellation of safetysdk.h.</summary>
internal static unsafe class PipelineExports
{
    // The C enums in their order, spelt out: a change of the managed enums must not change the ABI.
    private static readonly Operation[] Operations = [Operation.Generate, Operation.Edit, Operation.Understand];
    private static readonly AgeBand[] Ages = [AgeBand.Unknown, AgeBand.Adult, AgeBand.Teen, AgeBand.Under13];
    private static readonly SafetyContext[] Contexts =
        [SafetyContext.Artistic, SafetyContext.Educational, SafetyContext.News, SafetyContext.Medical, SafetyContext.Historical];

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(NativePipelineOptions* options, nint* pipeline) => Guard.Run(() =>
    {
        Arguments.NotNull(pipeline, nameof(pipeline));
        *pipeline = 0;
        Arguments.NotNull(options, nameof(options));
        NativePipelineOptions given = Arguments.Read(options, NativePipelineOptions.First, nameof(options));
        string? home = Marshalling.Name(given.Home, "home");
        string? policy = Marshalling.Name(given.Policy, "policy");
        List<string> lists = Marshalling.Names(given.Lists, given.ListCount, "lists");
        ReadOnlySpan<byte> text = Marshalling.Span(given.PolicyDocument, "policy_document");
        SafetyPolicy? document = given.PolicyDocument.Data is null ? null : SafetyPolicy.Parse(text);
        try
        {
            *pipeline = HandleTable.Add(new NativePipeline(
                set =>
                {
                    set.Home = home;
                    set.Policy = policy ?? set.Policy;
                    set.PolicyDocument = document;
                    lists.ForEach(set.Lists.Add);
                },
                Indexes(given.Indexes, given.IndexCount)));
        }
        catch (ArgumentException e) when (e.ParamName == "nameOrPath")
        {
            throw new NativeCallException(Status.Policy, e.Message);
        }

        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int Free(nint pipeline) => Guard.Run(() => Arguments.Free<NativePipeline>(pipeline, "pipeline"));

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check", CallConvs = [typeof(CallConvCdecl)])]
    public static int Check(nint pipeline, NativeRequest* request, nint* verdict) => Run(pipeline, null, request, verdict);

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check_upload", CallConvs = [typeof(CallConvCdecl)])]
    public static int CheckUpload(nint pipeline, NativeRequest* request, nint* verdict) => Run(pipeline, Stage.Upload, request, verdict);

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check_prompt", CallConvs = [typeof(CallConvCdecl)])]
    public static int CheckPrompt(nint pipeline, NativeRequest* request, nint* verdict) => Run(pipeline, Stage.Prompt, request, verdict);

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check_joint", CallConvs = [typeof(CallConvCdecl)])]
    public static int CheckJoint(nint pipeline, NativeRequest* request, nint* verdict) => Run(pipeline, Stage.Joint, request, verdict);

    [UnmanagedCallersOnly(EntryPoint = "safety_pipeline_check_output", CallConvs = [typeof(CallConvCdecl)])]
    public static int CheckOutput(nint pipeline, NativeRequest* request, nint* verdict) => Run(pipeline, Stage.Output, request, verdict);

    [UnmanagedCallersOnly(EntryPoint = "safety_cancellation_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int CreateCancellation(nint* cancellation) => Guard.Run(() =>
    {
        Arguments.NotNull(cancellation, nameof(cancellation));
        *cancellation = HandleTable.Add(new NativeCancellation());
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_cancellation_cancel", CallConvs = [typeof(CallConvCdecl)])]
    public static int Cancel(nint cancellation) => Guard.Run(() =>
    {
        using Use<NativeCancellation> target = Arguments.Enter<NativeCancellation>(cancellation, nameof(cancellation));
        target.Value.Cancel();
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_cancellation_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int FreeCancellation(nint cancellation)
        => Guard.Run(() => Arguments.Free<NativeCancellation>(cancellation, nameof(cancellation)));

    // On the calling thread, so that nobody looks at the caller's memory when the call is over, whatever ended it.
    private static int Run(nint pipeline, Stage? stage, NativeRequest* request, nint* verdict) => Guard.Run(() =>
    {
        Arguments.NotNull(verdict, nameof(verdict));
        *verdict = 0;
        Arguments.NotNull(request, nameof(request));
        NativeRequest given = Arguments.Read(request, NativeRequest.First, nameof(request));
        using Use<NativePipeline> target = Arguments.Enter<NativePipeline>(pipeline, nameof(pipeline));
        using Use<NativeCancellation>? stop = NativeCancellation.EnterAny(given.Cancellation);
        CancellationToken cancellation = stop?.Value.Token ?? CancellationToken.None;
        SafetyRequest read = Request(given);
        cancellation.ThrowIfCancellationRequested();
        *verdict = HandleTable.Add(
            stage is { } one ? target.Value.Pipeline.CheckStage(read, one, cancellation) : target.Value.Pipeline.Check(read, cancellation));
        return Status.Ok;
    });

    private static SafetyRequest Request(in NativeRequest given)
    {
        Marshalling.Counted(given.Turns, given.TurnCount, "turns");
        Marshalling.Counted(given.Contexts, given.ContextCount, "contexts");
        var turns = new string[(int)given.TurnCount];
        for (int i = 0; i < turns.Length; i++)
        {
            turns[i] = Text(given.Turns[i], $"turns[{i}]");
        }

        var contexts = new SafetyContext[(int)given.ContextCount];
        for (int i = 0; i < contexts.Length; i++)
        {
            contexts[i] = Arguments.Member(Contexts, given.Contexts[i], $"contexts[{i}]");
        }

        return new SafetyRequest
        {
            Prompt = TextOrNone(given.Prompt, "prompt"),
            Turns = turns,
            Images = Marshalling.Files(given.Images, given.ImageCount, "images"),
            OutputImages = Marshalling.Files(given.OutputImages, given.OutputImageCount, "output_images"),
            OutputText = TextOrNone(given.OutputText, "output_text"),
            Operation = Arguments.Member(Operations, given.Operation, "operation"),
            Age = Arguments.Member(Ages, given.Age, "age"),
            Contexts = contexts,
            Locale = Marshalling.Name(given.Locale, "locale"),
            ChatRefused = given.ChatRefused != 0,
        };
    }

    private static NativeIndex[] Indexes(nint* handles, nuint count)
    {
        Marshalling.Counted(handles, count, "indexes");
        var entered = new List<NativeIndex>((int)count);
        try
        {
            for (nuint i = 0; i < count; i++)
            {
                entered.Add(Arguments.Enter<NativeIndex>(handles[i], $"indexes[{i}]").Value);
            }

            return [.. entered];
        }
        catch
        {
            entered.ForEach(static index => index.Leave());
            throw;
        }
    }

    // An empty text is not no text: nothing could be checked of it, which the pipeline says.
    private static string? TextOrNone(NativeSpan text, string name)
        => text is { Data: null, Length: 0 } ? null : Text(text, name);

    private static string Text(NativeSpan text, string name)
    {
        try
        {
            return PromptText.FromUtf8(Marshalling.Span(text, name));
        }
        catch (PromptException e)
        {
            throw new NativeCallException(Status.InvalidArgument, $"{name}: {e.Message}");
        }
    }
}
