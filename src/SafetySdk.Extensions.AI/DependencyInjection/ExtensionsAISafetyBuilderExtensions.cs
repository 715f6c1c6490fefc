using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk.Extensions.AI;
using SafetySdk.Monitoring;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers a chat model as the safety monitor.</summary>
public static class ExtensionsAISafetyBuilderExtensions
{
    /// <summary>Registers a chat model as the safety monitor. Prompts and pictures are sent to it.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="client">Gives the client; null for the registered <see cref="IChatClient"/>.</param>
    /// <param name="options">How it is asked; null for the defaults.</param>
    public static ISafetyBuilder AddChatSafetyMonitor(
        this ISafetyBuilder builder, Func<IServiceProvider, IChatClient>? client = null, ChatSafetyMonitorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ISafetyMonitor>(provider => new ChatSafetyMonitor(
            client is null ? provider.GetRequiredService<IChatClient>() : client(provider), options, provider.GetService<TimeProvider>()));
        return builder;
    }
}
