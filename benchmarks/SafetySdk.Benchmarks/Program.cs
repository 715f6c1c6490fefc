using BenchmarkDotNet.Running;
using SafetySdk.Benchmarks;

switch (args)
{
    case ["matching", ..]:
        MatchingMeasurement.Run(args);
        break;
    case ["hashing"]:
        HashingMeasurement.Run();
        break;
    case ["stores", .. string[] rest]:
        StoreLatency.Run(rest);
        break;
    case ["prompt-model"]:
        PromptModelMeasurement.Run();
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
