using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>What is to be checked. The bytes belong to the caller and must not change while the check runs.</summary>
public sealed record SafetyRequest
{
    /// <summary>The prompt; null where there is none. An empty string is an error, since nothing could be checked.</summary>
    public string? Prompt { get; init; }

    /// <summary>
    /// Earlier texts of the user in this conversation, oldest first. Each is judged, and all that was typed is judged as one text, so that
    /// nothing is gained by splitting a request over turns.
    /// </summary>
    public IReadOnlyList<string> Turns { get; init; } = [];

    /// <summary>Pictures that the user gave, as files (JPEG, PNG, WebP, GIF). Their order never matters.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Images { get; init; } = [];

    /// <summary>Pictures that the model made, as files. Their order never matters.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> OutputImages { get; init; } = [];

    /// <summary>Text that the model answered; null where there is none. An empty string is an error, as a prompt is.</summary>
    public string? OutputText { get; init; }

    /// <summary>What the user wants to do.</summary>
    public Operation Operation { get; init; } = Operation.Generate;

    /// <summary>The user's age.</summary>
    public AgeBand Age { get; init; } = AgeBand.Unknown;

    /// <summary>
    /// What the request is for, as the host knows it: a newsroom's tool, a medical one. Never what the user claims: a context softens some
    /// rules.
    /// </summary>
    public IReadOnlyList<SafetyContext> Contexts { get; init; } = [];

    /// <summary>The user's language and region, such as <c>de-AT</c>; null where it is not known. Chooses help resources.</summary>
    public string? Locale { get; init; }

    /// <summary>
    /// Opaque identifier of the account; null where there is none. It is carried for the host's own stores and appears in no verdict,
    /// log or message.
    /// </summary>
    public string? AccountId { get; init; }

    /// <summary>Whether the host's chat model refused the request.</summary>
    public bool ChatRefused { get; init; }

    /// <summary>Names no content: a request that ends up in a log says only what kind it was.</summary>
    public override string ToString()
        => $"{nameof(SafetyRequest)} {{ {Operation}, {Images.Count} images, {OutputImages.Count} output images }}";
}
