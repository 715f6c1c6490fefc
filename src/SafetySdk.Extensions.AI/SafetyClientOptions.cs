using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Extensions.AI;

/// <summary>What a wrapper knows of the request besides its content. Immutable.</summary>
public sealed record SafetyClientOptions
{
    /// <summary>The defaults: an unknown user, no account.</summary>
    public static SafetyClientOptions Default { get; } = new();

    /// <summary>
    /// Gives age, account, locale and contexts of whoever asks now; called once a request. Its texts, pictures and operation are replaced.
    /// Null for an unknown user.
    /// </summary>
    public Func<SafetyRequest>? Asker { get; init; }

    /// <summary>
    /// What a chat is for: <see cref="Operation.Understand"/>, the default, or <see cref="Operation.Generate"/> or
    /// <see cref="Operation.Edit"/> where the chat model makes pictures. Image generators know it by themselves.
    /// </summary>
    public Operation ChatOperation { get; init; } = Operation.Understand;

    /// <summary>
    /// Rewrites a prompt where the policy asks for it, seeing the rules that do; its result is checked. Null, the default, and a null
    /// result refuse such requests.
    /// </summary>
    public Func<ModelCall, CancellationToken, ValueTask<string?>>? Rewrite { get; init; }
}
