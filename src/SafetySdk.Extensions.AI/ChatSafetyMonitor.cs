using Microsoft.Extensions.AI;
using SafetySdk.Monitoring;

namespace SafetySdk.Extensions.AI;

/// <summary>
/// A chat model as the safety monitor: it is given the policy, the evidence, the texts and the pictures, and has to answer JSON of one
/// schema with a nonce repeated. An invalid answer is asked for once more; anything else is a failed check.
/// </summary>
/// <remarks>
/// Thread-safe where the client is. Sends prompts and pictures to the model behind the client: choose one that may see them. What is under
/// review cannot make a verdict milder, whatever it makes the model say: findings are only ever added to the evidence.
/// </remarks>
public sealed class ChatSafetyMonitor : ISafetyMonitor
{
    private readonly IChatClient _client;
    private readonly ChatSafetyMonitorOptions _options;
    private readonly TimeProvider _clock;

    /// <summary>Creates the monitor.</summary>
    /// <param name="client">The client; stays the caller's to dispose.</param>
    /// <param name="options">How it is asked; null for the defaults.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public ChatSafetyMonitor(IChatClient client, ChatSafetyMonitorOptions? options = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _options = options ?? ChatSafetyMonitorOptions.Default;
        _clock = clock ?? TimeProvider.System;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.Deadline, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxAnswerLength, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.MaxImages, nameof(options));
        string model = _options.Model ?? client.GetService<ChatClientMetadata>()?.DefaultModelId ?? "unknown";
        Version = $"{model}/{MonitorPrompt.Version}";
    }

    /// <inheritdoc/>
    public string Name => _options.Name;

    /// <summary>The model and the version of the instructions.</summary>
    public string Version { get; }

    /// <inheritdoc/>
    public async ValueTask<MonitorReport> ExamineAsync(MonitorQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Images.Count + query.OutputImages.Count > _options.MaxImages)
        {
            throw new MonitorException(MonitorError.Unavailable, $"there are more than {_options.MaxImages} pictures to send.");
        }

        using var deadline = new CancellationTokenSource(_options.Deadline, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            try
            {
                return await AskAsync(query, either.Token).ConfigureAwait(false);
            }
            catch (MonitorException)
            {
                return await AskAsync(query, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not MonitorException && deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new MonitorException(MonitorError.TimedOut, $"no valid answer within {_options.Deadline.TotalSeconds:0.###} s.");
        }
    }

    private async Task<MonitorReport> AskAsync(MonitorQuery query, CancellationToken cancellationToken)
    {
        // Each try has its own boundary and nonce: an answer to the first is none to the second.
        var prompt = new MonitorPrompt(query);
        var options = new ChatOptions
        {
            ModelId = _options.Model,
            Temperature = 0,
            MaxOutputTokens = _options.MaxOutputTokens,
            ResponseFormat = ChatResponseFormat.ForJsonSchema(MonitorAnswer.Schema, "safety_findings"),
        };
        ChatResponse response;
        try
        {
            response = await Task.Run(() => _client.GetResponseAsync(prompt.ToMessages(), options, cancellationToken), cancellationToken)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not MonitorException && !cancellationToken.IsCancellationRequested)
        {
            // A client may quote the request or the answer in a message: the type alone is safe to pass on.
            throw new MonitorException(MonitorError.Unavailable, $"the model could not be asked ({e.GetType().Name}).");
        }

        if (response.FinishReason is { } reason && reason != ChatFinishReason.Stop)
        {
            throw new MonitorException(
                MonitorError.InvalidAnswer, reason == ChatFinishReason.Length ? "the answer was cut off." : "the model did not finish its answer.");
        }

        return MonitorAnswer.Read(response.Text, prompt.Nonce, _options.MaxAnswerLength);
    }
}
