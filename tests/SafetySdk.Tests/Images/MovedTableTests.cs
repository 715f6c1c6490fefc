using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

/// <summary>
/// Kernels hold references into arrays that the garbage collector may move at any time. Not beside other tests: what compaction leaves
/// behind would look like rented memory that was not cleared.
/// </summary>
[CollectionDefinition(nameof(MovedTableTests), DisableParallelization = true)]
[Collection(nameof(MovedTableTests))]
public sealed class MovedTableTests
{
    [Fact]
    public void Collections_that_move_the_tables_change_nothing()
    {
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
                kept[i % kept.Length] = new byte[(i * 7919) % 20000];
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
