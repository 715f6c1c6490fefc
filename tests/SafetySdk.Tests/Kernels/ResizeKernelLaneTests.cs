using System.Diagnostics;
using System.Globalization;
using SafetySdk.Kernels;
using SafetySdk.Tests.Images;

namespace SafetySdk.Tests.Kernels;

/// <summary>Runs the kernel and resize tests again in a process that is forced to a vector width and asserts that it has it.</summary>
public sealed class ResizeKernelLaneTests
{
    [Theory]
    [InlineData(512, "DOTNET_PreferredVectorBitWidth", "512")]
    [InlineData(256, "DOTNET_EnableAVX512", "0")]
    [InlineData(256, "DOTNET_PreferredVectorBitWidth", "256")]
    [InlineData(128, "DOTNET_EnableAVX2", "0")]
    [InlineData(0, "DOTNET_EnableHWIntrinsic", "0")]
    public async Task Every_width_passes(int width, string variable, string value)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(ResizeKernelTests.WidthVariable) is not null, "this process is a lane already");
        Assert.SkipUnless(SimdWidth.Active >= width, $"this processor has no {width}-bit vectors");
        string executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "SafetySdk.Tests.exe" : "SafetySdk.Tests");
        Assert.True(File.Exists(executable), $"{executable} is missing");
        var start = new ProcessStartInfo(executable)
        {
            RedirectStandardOutput = true,
            Environment = { [variable] = value, [ResizeKernelTests.WidthVariable] = width.ToString(CultureInfo.InvariantCulture) },
        };
        foreach (Type suite in new[] { typeof(ResizeKernelTests), typeof(PillowParityTests), typeof(TensorRecipeTests), typeof(FastResizeTests) })
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add(suite.FullName!);
        }

        start.ArgumentList.Add("-noColor");
        using Process lane = Process.Start(start)!;
        string output = await lane.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await lane.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(lane.ExitCode == 0, output);
        Assert.Matches(@"Total: \d{2,}, Errors: 0, Failed: 0", output);
    }
}
