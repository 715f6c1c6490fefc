using Microsoft.Extensions.AI;

namespace SafetySdk.Extensions.AI;

/// <summary>What of a message can be looked at.</summary>
internal static class InlineContent
{
    /// <summary>
    /// The picture in a content. What is only named — a link, a hosted file — and what is no picture cannot be looked at: it is an empty
    /// file, which no decoder takes, so that the check fails instead of passing by what was not seen.
    /// </summary>
    /// <returns>Null for a content that carries nothing to look at.</returns>
    public static ReadOnlyMemory<byte>? PictureOf(AIContent content) => content switch
    {
        DataContent data when data.HasTopLevelMediaType("image") => data.Data,
        DataContent or UriContent or HostedFileContent => ReadOnlyMemory<byte>.Empty,
        // Not a bare null: that would be an empty file, by way of an array.
        _ => (ReadOnlyMemory<byte>?)null,
    };

    /// <summary>All contents, those that a tool gave back included.</summary>
    public static IEnumerable<AIContent> Of(IEnumerable<AIContent> contents)
        => contents.SelectMany(static c => c is ImageGenerationToolResultContent { Outputs: { } outputs } ? Of(outputs) : [c]);

    /// <summary>The text of a message, thoughts included, since they are shown as well.</summary>
    public static string TextOf(IEnumerable<AIContent> contents)
        => string.Join('\n', contents.Select(static c => c switch
        {
            TextContent text => text.Text,
            TextReasoningContent thought => thought.Text,
            FunctionResultContent { Result: string result } => result,
            _ => null,
        }).Where(static t => !string.IsNullOrEmpty(t)));

    public static IReadOnlyList<ReadOnlyMemory<byte>> PicturesOf(IEnumerable<AIContent> contents)
        => [.. Of(contents).Select(PictureOf).OfType<ReadOnlyMemory<byte>>()];
}
