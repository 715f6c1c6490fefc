using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

using ServiceProvider services = new ServiceCollection()
    .AddSafety(options => options.Policy = "balanced")
    .AddVipsDecoder()
    .AddOnnxDetectors()
    .Services.BuildServiceProvider();

Verdict verdict = await services.GetRequiredService<SafetyPipeline>().CheckAsync(new SafetyRequest
{
    Prompt = "who is this person?",
    Images = [File.ReadAllBytes(args[0])],
    Operation = Operation.Understand,
    Age = AgeBand.Teen,
});

Console.WriteLine($"{verdict.Decision}: {string.Join(", ", verdict.Reasons.Select(r => r.Rule))}");
