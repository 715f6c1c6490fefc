using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SafetySdk;
using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Learned;
using SafetySdk.Prompts.Requests;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the safety pipeline.</summary>
public static class SafetyServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="SafetyPipeline"/> as a singleton, with the rule-based and the learned prompt classifier and the lists of
    /// <see cref="SafetyOptions.Lists"/>. Pictures need a decoder and detectors besides: <c>AddVipsDecoder()</c>,
    /// <c>AddOnnxDetectors()</c>. Registering an <see cref="IPromptClassifier"/>, <see cref="IKnownContentMatcher"/>,
    /// <see cref="ISafetyMonitor"/>, <see cref="IAccountLookup"/> or <see cref="ISafetyRecorder"/> adds it.
    /// </summary>
    /// <remarks>
    /// Policy and lists are read when the pipeline is first resolved, which then throws <see cref="ArgumentException"/> (no such policy),
    /// <see cref="PolicyFormatException"/>, <see cref="NameListException"/>, <see cref="HashIndexException"/>, <see cref="HashListException"/> or
    /// <see cref="IOException"/>. Resolve it at start-up so that a service with a wrong policy does not start. Names of artists and public
    /// figures for the request rules are a singleton <see cref="RequestNames"/> of the host's; none is needed.
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder for the other parts.</returns>
    public static ISafetyBuilder AddSafety(this IServiceCollection services, Action<SafetyOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<SafetyOptions> options = services.AddOptions<SafetyOptions>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(provider => SafetyHome.Find(Options(provider).Home));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPromptClassifier, RulePromptClassifier>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPromptClassifier, LearnedPromptClassifier>(
            static provider => new LearnedPromptClassifier(LearnedPromptModel.Embedded, Options(provider).PromptSurface)));
        services.TryAddSingleton(Build);
        return new Builder(services);
    }

    /// <summary>Adds a detector or matcher that is not ours, guarded by a deadline and a circuit breaker.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="detector">Creates it; disposed with the services where it is registered among them.</param>
    /// <param name="options">How it is called; null for the defaults.</param>
    public static ISafetyBuilder AddExternalDetector(
        this ISafetyBuilder builder, Func<IServiceProvider, IExternalDetector> detector, ExternalDetectorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(detector);
        builder.Services.AddSingleton(
            provider => new GuardedDetector(detector(provider), options, provider.GetService<TimeProvider>()));
        return builder;
    }

    private static SafetyPipeline Build(IServiceProvider provider)
    {
        SafetyOptions options = Options(provider);
        return new SafetyPipeline(new SafetyPipelineParts
        {
            Policy = options.PolicyDocument ?? PolicyFile.Load(options.Policy),
            Decoder = provider.GetService<IImageDecoder>(),
            Analyzer = provider.GetService<IImageAnalyzer>(),
            PromptClassifiers = [.. provider.GetServices<IPromptClassifier>(), .. options.NameLists.Select(NameListClassifier.Open)],
            Rewriter = provider.GetService<PromptRewriter>() ?? new PromptRewriter(provider.GetService<RequestNames>()),
            Matchers = Matchers(provider, options),
            ImageLimits = options.ImageLimits,
            ExternalDetectors = [.. provider.GetServices<GuardedDetector>()],
            Monitor = provider.GetService<ISafetyMonitor>(),
            MonitorOptions = options.Monitor,
            Accounts = provider.GetService<IAccountLookup>(),
            Recorders = [.. provider.GetServices<ISafetyRecorder>()],
            Options = options.Pipeline,
            Clock = provider.GetService<TimeProvider>() ?? TimeProvider.System,
        });
    }

    private static IReadOnlyList<IKnownContentMatcher> Matchers(IServiceProvider provider, SafetyOptions options)
    {
        IEnumerable<IKnownContentMatcher> registered = provider.GetServices<IKnownContentMatcher>();
        return options.Lists.Count == 0 ? [.. registered] : [.. registered, HashIndexMatcher.Open(options.Lists)];
    }

    private static SafetyOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<SafetyOptions>>().Value;

    private sealed record Builder(IServiceCollection Services) : ISafetyBuilder;
}
