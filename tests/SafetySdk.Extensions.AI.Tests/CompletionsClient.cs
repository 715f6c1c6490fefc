using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace SafetySdk.Extensions.AI.Tests;

/// <summary>A client of the chat-completions protocol, as small as it can be.</summary>
internal sealed class CompletionsClient(Uri address) : IChatClient
{
    private readonly HttpClient _http = new() { MaxResponseContentBufferSize = 4 << 20 };

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject
        {
            ["model"] = options?.ModelId ?? "test",
            ["messages"] = new JsonArray([.. messages.Select(m => (JsonNode)new JsonObject
            {
                ["role"] = m.Role.Value,
                ["content"] = new JsonArray([.. m.Contents.Select(PartOf)]),
            })]),
        };
        if (options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema })
        {
            body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = JsonNode.Parse(schema.GetRawText()) };
        }

        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(address, content, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        JsonElement choice = json.RootElement.GetProperty("choices")[0];
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, choice.GetProperty("message").GetProperty("content").GetString()))
        {
            FinishReason = new ChatFinishReason(choice.GetProperty("finish_reason").GetString()!),
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
        => serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("test", address, "test-model") : null;

    public void Dispose() => _http.Dispose();

    private static JsonNode PartOf(AIContent content) => content switch
    {
        DataContent data => new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = data.Uri } },
        _ => new JsonObject { ["type"] = "text", ["text"] = ((TextContent)content).Text },
    };
}
