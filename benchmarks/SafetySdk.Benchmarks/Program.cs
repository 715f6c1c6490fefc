using BenchmarkDotNet.Running;
using SafetySdk.Benchmarks;

if (args is ["matching", ..])
{
    MatchingMeasurement.Run(args);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
