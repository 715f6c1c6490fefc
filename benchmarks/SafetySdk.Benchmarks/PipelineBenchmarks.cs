using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Benchmarks;

/// <summary>Whole checks in steady state: a prompt, a photograph of one megapixel, and the detectors alone.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks : IDisposable
{
    private readonly ServiceProvider _services =
        new ServiceCollection().AddSafety().AddVipsDecoder().AddOnnxDetectors().Services.BuildServiceProvider();

    private readonly SafetyRequest _prompt = new() { Prompt = "a watercolour of a lighthouse at dawn, soft light, wide view over the harbour" };
    private readonly SafetyRequest _upload = new()
    {
        Prompt = "make the sky more dramatic",
        Images = [Photograph.OneMegapixelPng],
        Operation = Operation.Edit,
    };

    private readonly RulePromptClassifier _rules = new();
    private SafetyPipeline? _pipeline;
    private IImageAnalyzer? _analyzer;
    private DecodedImage? _image;

    [GlobalSetup]
    public void Setup()
    {
        _pipeline = _services.GetRequiredService<SafetyPipeline>();
        _analyzer = _services.GetRequiredService<IImageAnalyzer>();
        _image = _services.GetRequiredService<IImageDecoder>().Decode(Photograph.OneMegapixelPng, DecodeOptions.Default);
        if (_pipeline.Check(_prompt).Decision != Decision.Allow || _pipeline.Check(_upload).Failures.Count > 0)
        {
            throw new InvalidOperationException("The checks do not answer as expected: there is nothing to time.");
        }
    }

    [Benchmark]
    public Verdict CheckPrompt() => _pipeline!.Check(_prompt);

    [Benchmark(Baseline = true)]
    public Verdict CheckUpload() => _pipeline!.Check(_upload);

    [Benchmark]
    public ImageAnalysis DetectorsAlone() => _analyzer!.Analyze(_image!.Pixels);

    [Benchmark]
    public IReadOnlyList<Signal> PromptRulesAlone() => _rules.Classify(_prompt.Prompt!, TextOrigin.Prompt);

    [GlobalCleanup]
    public void Dispose()
    {
        _image?.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }
}
