namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds parts to the safety pipeline of a service collection.</summary>
public interface ISafetyBuilder
{
    /// <summary>The services.</summary>
    IServiceCollection Services { get; }
}
