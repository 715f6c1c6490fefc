using Microsoft.Extensions.DependencyInjection;

namespace SafetySdk.Cli;

/// <summary>The same composition that a service uses, for one command.</summary>
internal static class CommandServices
{
    public static ServiceProvider Create(SafetyHome home, string policy = "balanced", params IReadOnlyList<string> lists)
    {
        var services = new ServiceCollection();
        services.AddSafety(options =>
        {
            options.Home = home.Path;
            options.Policy = policy;
            foreach (string list in lists)
            {
                options.Lists.Add(list);
            }
        }).AddVipsDecoder().AddOnnxDetectors();
        return services.BuildServiceProvider();
    }
}
