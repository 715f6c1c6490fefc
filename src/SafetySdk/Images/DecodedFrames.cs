using System.Collections;

namespace SafetySdk.Images;

/// <summary>A frame of an animation, composed on its canvas.</summary>
/// <param name="Index">Its place among all frames, from 0.</param>
/// <param name="Pixels">8-bit RGB as displayed; owned by the <see cref="DecodedFrames"/>.</param>
public sealed record DecodedFrame(int Index, PixelBuffer Pixels);

/// <summary>Frames of a picture in order. Owns their pixels. Reading from several threads is safe, disposing is not.</summary>
/// <param name="info">What was done.</param>
/// <param name="frames">The frames, at least one; owned from now on.</param>
public sealed class DecodedFrames(ImageInfo info, IReadOnlyList<DecodedFrame> frames) : IReadOnlyList<DecodedFrame>, IDisposable
{
    /// <summary>What was done; <see cref="ImageInfo.Frames"/> is how many the file declares, which may be more than are here.</summary>
    public ImageInfo Info { get; } = info;

    /// <inheritdoc/>
    public int Count => frames.Count;

    /// <inheritdoc/>
    public DecodedFrame this[int index] => frames[index];

    /// <summary>Which frames are taken: evenly spaced, the first and (of two or more) the last among them.</summary>
    /// <param name="frames">How many there are, at least 1.</param>
    /// <param name="most">How many may be taken, at least 1.</param>
    /// <returns>Indices from 0, ascending, without repetition.</returns>
    public static IReadOnlyList<int> Spread(int frames, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int count = Math.Min(frames, most);
        return count == 1 ? [0] : [.. Enumerable.Range(0, count).Select(i => (int)((long)i * (frames - 1) / (count - 1)))];
    }

    /// <inheritdoc/>
    public IEnumerator<DecodedFrame> GetEnumerator() => frames.GetEnumerator();

    /// <summary>Clears the pixels of all frames and gives their memory back.</summary>
    public void Dispose()
    {
        foreach (DecodedFrame frame in frames)
        {
            frame.Pixels.Dispose();
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
