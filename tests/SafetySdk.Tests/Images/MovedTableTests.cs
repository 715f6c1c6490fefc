using System.Diagnostics;
using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

/// <summary>
/// Kernels hold references into arrays that the garbage collector may move at any time. In a process of its own: what compaction leaves
/// behind would look to other tests like rented memory that was not cleared.
/// </summary>
public sealed class MovedTableTests
{
    private const string OwnProcess = "SAFETYSDK_TEST_MOVED_TABLES";

    [Fact]
    public async Task Collections_change_nothing_in_a_process_of_their_own()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(OwnProcess) is not null, "this is that process");
        string executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "SafetySdk.Tests.exe" : "SafetySdk.Tests");
        var start = new ProcessStartInfo(executable, ["-noColor", "-class", typeof(MovedTableTests).FullName!])
        {
            RedirectStandardOutput = true,
            Environment = { [OwnProcess] = "1" },
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.Matches("Total: 2, Errors: 0, Failed: 0, Skipped: 1", output);
    }

    [Fact]
    public void Collections_that_move_the_tables_change_nothing()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(OwnProcess) is not null, "run by another test, in a process of its own");
        using var image = PixelBuffer.FromRgb(SyntheticPicture.Create("noise", 700, 90, 8), 700, 90);
        (ResampleMode Mode, ResamplePrecision Precision, int Side)[] cases =
        [
            .. from mode in new[] { ResampleMode.PillowBilinear, ResampleMode.PillowLanczos3 }
               from precision in Enum.GetValues<ResamplePrecision>()
               from side in Enumerable.Range(30, 60)
               select (mode, precision, side),
        ];
        byte[][] expected = [.. cases.Select(c => Resized(image, c.Mode, c.Precision, c.Side))];
        bool done = false;
        var collector = new Thread(() =>
        {
            byte[][] kept = new byte[100][];
            for (int i = 0; !Volatile.Read(ref done); i++)
            {
                // Tables of 64 sizes are kept, so each call makes its own among these.
                kept[i % kept.Length] = new byte[i % 20000];
                if (i % 50 == 0)
                {
                    GC.Collect(i / 50 % 2, GCCollectionMode.Forced, blocking: true, compacting: true);
                }
            }
        });
        collector.Start();
        try
        {
            for (int i = 0; i < cases.Length; i++)
            {
                Assert.Equal(expected[i], Resized(image, cases[i].Mode, cases[i].Precision, cases[i].Side));
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
        }
    }

    private static byte[] Resized(PixelBuffer image, ResampleMode mode, ResamplePrecision precision, int side)
    {
        byte[] resized = new byte[3 * side * side];
        ImageResizer.Resize(image, mode, precision, side, side, resized);
        return resized;
    }
}
