using System.Diagnostics;
using System.Globalization;
using SafetySdk.Kernels;
using SafetySdk.Tests.Hashing;
using SafetySdk.Tests.Images;

namespace SafetySdk.Tests.Kernels;

/// <summary>Runs the kernel, resize, hash and search tests again in a process that is forced to a vector width and asserts that it has it.</summary>
public sealed class ResizeKernelLaneTests
{
    [Theory]
    [InlineData("512+VBMI", "DOTNET_PreferredVectorBitWidth", "512")]
    [InlineData("512", "DOTNET_EnableAVX512v2", "0")]
    [InlineData("256", "DOTNET_EnableAVX512", "0")]
    [InlineData("256", "DOTNET_PreferredVectorBitWidth", "256")]
    [InlineData("128", "DOTNET_EnableAVX2", "0")]
    [InlineData("0", "DOTNET_EnableHWIntrinsic", "0")]
    public async Task Every_width_passes(string lane, string variable, string value)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(ResizeKernelTests.WidthVariable) is not null, "this process is a lane already");
        int width = int.Parse(lane.Split('+')[0], CultureInfo.InvariantCulture);
        Assert.SkipUnless(
            SimdWidth.Active >= width && (SimdWidth.HasByteShuffle512 || !lane.EndsWith("VBMI", StringComparison.Ordinal)),
            $"this processor has no vectors of {lane}");
        string executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "SafetySdk.Tests.exe" : "SafetySdk.Tests");
        Assert.True(File.Exists(executable), $"{executable} is missing");
        var start = new ProcessStartInfo(executable)
        {
            RedirectStandardOutput = true,
            Environment = { [variable] = value, [ResizeKernelTests.WidthVariable] = lane },
        };
        Type[] suites =
        [
            typeof(ResizeKernelTests), typeof(KernelPropertyTests), typeof(PillowParityTests), typeof(TensorRecipeTests), typeof(FastResizeTests),
            typeof(StreamedResizeTests), typeof(PdqHasherTests), typeof(ImageHashTests), typeof(HammingScanTests),
            typeof(SlotFilterTests),
        ];
        foreach (Type suite in suites)
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add(suite.FullName!);
        }

        start.ArgumentList.Add("-noColor");
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.Matches(@"Total: \d{2,}, Errors: 0, Failed: 0", output);
    }
}
