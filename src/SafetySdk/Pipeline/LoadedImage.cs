using SafetySdk.Images;

namespace SafetySdk.Pipeline;

/// <summary>
/// A picture that was decoded and looked up, with the pixels for the detectors. Counted, because a detector that overruns its time still
/// reads the pixels after the stage has ended: they are given back by whoever ends last.
/// </summary>
internal sealed class LoadedImage(ExaminedImage examined, DecodedFrames? frames, IReadOnlyList<DecodedFrame> analyzed)
{
    private int _holders = 1;

    public ExaminedImage Examined { get; } = examined;

    /// <summary>The frames that the detectors look at; none where the picture could not be decoded.</summary>
    public IReadOnlyList<DecodedFrame> Analyzed { get; } = analyzed;

    /// <summary>Holds the pixels; false where they are gone.</summary>
    public bool TryHold()
    {
        int held = Volatile.Read(ref _holders);
        while (held > 0)
        {
            int found = Interlocked.CompareExchange(ref _holders, held + 1, held);
            if (found == held)
            {
                return true;
            }

            held = found;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            frames?.Dispose();
        }
    }
}
