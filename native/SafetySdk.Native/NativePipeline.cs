using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Matching;
using SafetySdk.Pipeline;

namespace SafetySdk.Native;

/// <summary>A pipeline behind a handle, and the indexes that it uses.</summary>
internal sealed class NativePipeline : SharedResource
{
    private readonly ServiceProvider _services;
    private readonly NativeIndex[] _indexes;

    /// <summary>Builds the pipeline.</summary>
    /// <param name="configure">Sets the options.</param>
    /// <param name="indexes">Indexes that the caller has entered; they are left when the pipeline goes, also where this throws.</param>
    public NativePipeline(Action<SafetyOptions> configure, NativeIndex[] indexes)
    {
        _indexes = indexes;
        var services = new ServiceCollection();
        services.AddSafety(configure).AddVipsDecoder().AddOnnxDetectors();
        foreach (NativeIndex index in indexes)
        {
            // An instance: the services do not dispose it.
            services.AddSingleton<IKnownContentMatcher>(index.Matcher);
        }

        _services = services.BuildServiceProvider();
        try
        {
            Pipeline = _services.GetRequiredService<SafetyPipeline>();
        }
        catch
        {
            Release();
            throw;
        }
    }

    public SafetyPipeline Pipeline { get; }

    protected override void Release()
    {
        _services.Dispose();
        foreach (NativeIndex index in _indexes)
        {
            index.Leave();
        }
    }
}
