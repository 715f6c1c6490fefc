using Microsoft.Extensions.AI;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Extensions.AI;

/// <summary>
/// An image generator behind the safety stack: it is called only where the request passes, and its response holds only the pictures that
/// pass.
/// </summary>
/// <remarks>
/// Where a request is refused, or nothing of what was made passes, the response holds one <see cref="ErrorContent"/> with words for the
/// user; its <see cref="AIContent.RawRepresentation"/> is the <see cref="SafetyRun"/>. A request with pictures to change is
/// <see cref="Operation.Edit"/>. Pictures that come as links cannot be looked at and do not pass: ask the generator for data.
/// </remarks>
/// <param name="inner">The generator; disposed with this one.</param>
/// <param name="pipeline">The pipeline; stays the caller's.</param>
/// <param name="options">What is known of whoever asks; null for nothing.</param>
public sealed class SafetyImageGenerator(IImageGenerator inner, SafetyPipeline pipeline, SafetyClientOptions? options = null)
    : DelegatingImageGenerator(inner)
{
    /// <summary><see cref="ErrorContent.ErrorCode"/> of a refusal.</summary>
    public const string RefusedCode = "safety_refused";

    private readonly SafetyClientOptions _options = options ?? SafetyClientOptions.Default;

    /// <inheritdoc/>
    public override async Task<ImageGenerationResponse> GenerateAsync(
        ImageGenerationRequest request, ImageGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        AIContent[] given = [.. request.OriginalImages ?? []];
        SafetyRequest asked = (_options.Asker?.Invoke() ?? new SafetyRequest()) with
        {
            Prompt = request.Prompt,
            Images = [.. given.Select(static c => InlineContent.PictureOf(c) ?? ReadOnlyMemory<byte>.Empty)],
            Operation = given.Length > 0 ? Operation.Edit : Operation.Generate,
            OutputImages = [],
            OutputText = null,
        };
        ImageGenerationResponse? response = null;
        SafetyRun run = await pipeline.RunAsync(
            asked,
            async (call, token) =>
            {
                string? prompt = call.Request.Prompt;
                if (call.Decision == Decision.Transform)
                {
                    prompt = _options.Rewrite is { } rewrite ? await rewrite(call, token).ConfigureAwait(false) : null;
                    if (prompt is null || prompt == call.Request.Prompt)
                    {
                        return new GeneratorReply();
                    }
                }

                response = await base.GenerateAsync(
                    new ImageGenerationRequest(prompt!, request.OriginalImages!), options, token).ConfigureAwait(false);
                return new GeneratorReply { Images = InlineContent.PicturesOf(response.Contents), PromptUsed = prompt };
            },
            cancellationToken).ConfigureAwait(false);
        if (response is null || run.Images.Count == 0)
        {
            return new ImageGenerationResponse([Refusal(run, asked.Locale)]);
        }

        // Only pictures that passed: whatever else came with them was not looked at.
        response.Contents =
        [
            .. InlineContent.Of(response.Contents).Where(c => InlineContent.PictureOf(c) is { IsEmpty: false } picture && run.Images.Contains(picture)),
        ];
        return response;
    }

    internal static ErrorContent Refusal(SafetyRun run, string? locale)
        => new(Refusals.Text(
            run.Verdict.Decision == Decision.Allow ? Decision.Block : run.Verdict.Decision, run.Verdict.Refusal ?? RefusalCode.General, locale))
        {
            ErrorCode = RefusedCode,
            RawRepresentation = run,
        };
}
