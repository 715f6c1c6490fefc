using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk;
using SafetySdk.Decoding.Vips;
using SafetySdk.Images;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers libvips as the decoder.</summary>
public static class VipsSafetyBuilderExtensions
{
    /// <summary>
    /// Registers the default decoder. libvips is loaded when the first picture comes; where it is missing, checks of pictures fail and
    /// checks of prompts go on.
    /// </summary>
    /// <param name="builder">The builder.</param>
    public static ISafetyBuilder AddVipsDecoder(this ISafetyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<IImageDecoder>(
            provider => new DeferredVipsDecoder(provider.GetService<SafetyHome>() ?? SafetyHome.Find()));
        return builder;
    }
}
