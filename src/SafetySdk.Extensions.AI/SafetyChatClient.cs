using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Extensions.AI;

/// <summary>
/// A chat client behind the safety stack: the last message of the user is the prompt, all earlier messages of users and tools are its
/// turns, all their pictures count, and the answer is handed on only where all of it passes.
/// </summary>
/// <remarks>
/// A refusal is an ordinary answer with words for the user, <see cref="ChatFinishReason.ContentFilter"/>, and the <see cref="SafetyRun"/>
/// as its <see cref="ChatResponse.RawRepresentation"/>. Pictures and files that come as links cannot be looked at and do not pass.
/// Streaming waits for the whole answer, since a part of it cannot be judged. System messages are the host's own and are not judged.
/// </remarks>
/// <param name="inner">The client; disposed with this one.</param>
/// <param name="pipeline">The pipeline; stays the caller's.</param>
/// <param name="options">What is known of whoever asks; null for nothing.</param>
public sealed class SafetyChatClient(IChatClient inner, SafetyPipeline pipeline, SafetyClientOptions? options = null)
    : DelegatingChatClient(inner)
{
    // What clients of hosted models make of a refusal that is said apart from the text.
    private const string RefusalCode = "Refusal";

    private readonly SafetyClientOptions _options = options ?? SafetyClientOptions.Default;

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ChatMessage[] conversation = [.. messages];
        SafetyRequest asked = RequestOf(conversation);
        ChatResponse? response = null;
        SafetyRun run = await pipeline.RunAsync(
            asked,
            async (call, token) =>
            {
                ChatMessage[] sent = conversation;
                string? rewritten = null;
                if (call.Decision == Decision.Transform)
                {
                    rewritten = _options.Rewrite is { } rewrite ? await rewrite(call, token).ConfigureAwait(false) : null;
                    if (rewritten is null || rewritten == call.Request.Prompt)
                    {
                        return new ChatReply();
                    }

                    sent = WithPrompt(conversation, rewritten);
                }

                response = await base.GetResponseAsync(sent, options, token).ConfigureAwait(false);
                AIContent[] contents = [.. response.Messages.SelectMany(static m => m.Contents)];
                return new ChatReply
                {
                    Refused = response.FinishReason == ChatFinishReason.ContentFilter
                        || contents.Any(static c => c is ErrorContent { ErrorCode: RefusalCode }),
                    Prompt = rewritten,
                    Text = InlineContent.TextOf(contents),
                };
            },
            (_, _) => new(new GeneratorReply
            {
                Images = response is null ? [] : InlineContent.PicturesOf(response.Messages.SelectMany(static m => m.Contents)),
            }),
            cancellationToken).ConfigureAwait(false);
        return response is not null && run.Outcome switch
        {
            RunOutcome.Delivered => true,
            // A call of a tool, say: nothing that anybody is shown.
            RunOutcome.NothingMade => run.Verdict.Decision == Decision.Allow,
            _ => false,
        }
            ? response
            : Refused(run, asked.Locale);
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    private static ChatResponse Refused(SafetyRun run, string? locale)
        => new(new ChatMessage(ChatRole.Assistant, SafetyImageGenerator.Refusal(run, locale).Message))
        {
            FinishReason = ChatFinishReason.ContentFilter,
            RawRepresentation = run,
        };

    private SafetyRequest RequestOf(ChatMessage[] conversation)
    {
        // An answer of the model may be quoted back at it, but what a model was made to say it can be made to say again: it is no evidence
        // of what the user wants. Tools bring what others wrote.
        ChatMessage[] judged = [.. conversation.Where(static m => m.Role == ChatRole.User || m.Role == ChatRole.Tool)];
        ChatMessage? last = Array.FindLast(judged, static m => m.Role == ChatRole.User);
        string prompt = last is null ? string.Empty : InlineContent.TextOf(last.Contents);
        return (_options.Asker?.Invoke() ?? new SafetyRequest()) with
        {
            Prompt = prompt.Length == 0 ? null : prompt,
            Turns = [.. judged.Where(m => m != last).Select(static m => InlineContent.TextOf(m.Contents)).Where(static t => t.Length > 0)],
            Images = [.. judged.SelectMany(static m => InlineContent.PicturesOf(m.Contents))],
            Operation = _options.ChatOperation,
            OutputImages = [],
            OutputText = null,
        };
    }

    private static ChatMessage[] WithPrompt(ChatMessage[] conversation, string prompt)
    {
        int last = Array.FindLastIndex(conversation, static m => m.Role == ChatRole.User);
        ChatMessage changed = conversation[last].Clone();
        changed.Contents = [new TextContent(prompt), .. changed.Contents.Where(static c => c is not TextContent)];
        return [.. conversation[..last], changed, .. conversation[(last + 1)..]];
    }
}
