using Microsoft.Extensions.DependencyInjection;
using SafetySdk;
using SafetySdk.Pipeline;
using SafetySdk.Samples.Quickstart;

// A service composes the pipeline like this; the sample then sends it requests and prints what came back.
string photographs = Path.Combine(SafetyHome.Find().Path, "photographs");
string familyPhotographs = args.Length > 0 ? args[0] : string.Empty;
string testList = Path.Combine(Path.GetTempPath(), $"quickstart-{Environment.ProcessId}.list");

try
{
    // A test list with a harmless landscape on it stands in for a list of known illegal content.
    KnownContentList.Write(testList, Path.Combine(photographs, "photo2.png"));

    using ServiceProvider services = new ServiceCollection()
        .AddSafety(options => options.Lists.Add(testList))
        .AddVipsDecoder()
        .AddOnnxDetectors()
        .Services.BuildServiceProvider();
    SafetyPipeline pipeline = services.GetRequiredService<SafetyPipeline>();

    var table = new VerdictTable(Console.Out, pipeline.Policy.Name);
    foreach (QuickstartCase @case in QuickstartCase.All(photographs, familyPhotographs))
    {
        table.Add(@case, await pipeline.CheckAsync(@case.ToRequest()));
    }

    return table.Finish();
}
finally
{
    File.Delete(testList);
}
