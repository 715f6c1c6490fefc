using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>What is left behind by many hostile files. Alone in the process, since counters and memory are the process's.</summary>
[Collection(NativeCounters.Name)]
public sealed class HostileMemoryTests
{
    private const int Inputs = 10_000, WarmUp = 2_000;

    // One leaked strip of the smallest of these pictures a decode would be 12 MB in 8,000.
    private const long ResidentSlack = 8L << 20, HeapSlack = 1L << 20;

    private readonly VipsImageDecoder _decoder = new(TestEnvironment.Runtime());

    [Fact]
    public void Memory_is_flat_over_ten_thousand_hostile_files()
    {
        // The files stay; evenly taken from every kind.
        HostileFile[] small = [.. HostileCorpus.All.Where(f => !f.IsLarge)];
        (HostileFile File, byte[] Bytes)[] inputs = [.. Enumerable.Range(0, WarmUp).Select(i => small[(int)((long)i * small.Length / WarmUp)]).Select(f => (f, f.Make()))];
        Decode(WarmUp);
        (long heap, long resident, int objects) = Measure();
        int refused = Decode(Inputs - WarmUp);
        (long heapAfter, long residentAfter, int objectsAfter) = Measure();
        string figures = $"heap {heap:N0} to {heapAfter:N0}, resident {resident:N0} to {residentAfter:N0}, {refused} of {Inputs - WarmUp} refused";
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        Assert.Equal((0, 0L), (_decoder.Library.TrackedAllocations, _decoder.Library.TrackedMemory));
        Assert.Equal(objects, objectsAfter);
        Assert.True(heapAfter - heap < HeapSlack && residentAfter - resident < ResidentSlack, figures);
        Assert.InRange(refused, Inputs / 4, Inputs * 3 / 4);

        int Decode(int count)
        {
            int refused = 0;
            for (int i = 0; i < count; i++)
            {
                (HostileFile file, byte[] bytes) = inputs[i % inputs.Length];
                Assert.Null(HostileRun.Outcome(_decoder, bytes, ImageLimits.Default, out ImageError? error, out (int, int) size));
                Assert.Null(file.Judge(error, size));
                refused += error is null ? 0 : 1;
            }

            return refused;
        }
    }

    private (long Heap, long Resident, int Objects) Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet, VipsImageDecoderTests.CountObjects(_decoder.Library));
    }
}
