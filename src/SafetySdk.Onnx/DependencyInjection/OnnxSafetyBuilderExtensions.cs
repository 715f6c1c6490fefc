using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk;
using SafetySdk.Classification;
using SafetySdk.Onnx;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the default image detectors.</summary>
public static class OnnxSafetyBuilderExtensions
{
    /// <summary>
    /// Registers the detectors over ONNX Runtime. Models are loaded when the first picture comes; where one is missing, checks of pictures
    /// fail and checks of prompts go on.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets the options.</param>
    public static ISafetyBuilder AddOnnxDetectors(this ISafetyBuilder builder, Action<OnnxOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new OnnxOptions();
        configure?.Invoke(options);
        builder.Services.TryAddSingleton<IImageAnalyzer>(
            provider => new DeferredOnnxAnalyzer(provider.GetService<SafetyHome>() ?? SafetyHome.Find(), options));
        return builder;
    }
}
