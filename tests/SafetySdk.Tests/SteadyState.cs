namespace SafetySdk.Tests;

/// <summary>What a call allocates once everything is warm.</summary>
internal static class SteadyState
{
    private const int Attempts = 20;

    /// <summary>
    /// The least that a call allocated on this thread in several attempts. A call that allocates does so every time; a pool that the garbage
    /// collector trimmed meanwhile, or the first run of a better compiled version, costs once.
    /// </summary>
    public static long LeastAllocated(Action call)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Attempts && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
