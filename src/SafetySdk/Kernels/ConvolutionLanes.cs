namespace SafetySdk.Kernels;

/// <summary>
/// The windows and weights of an axis once more, as <see cref="HorizontalConvolution"/> takes them where a shuffle reaches a whole 512-bit
/// vector. Made at first use and kept with the table that it belongs to. Thread-safe.
/// </summary>
internal sealed class ConvolutionLanes
{
    private readonly Layout?[] _layouts = new Layout?[5];

    /// <summary>The layout for pixels of so many bytes.</summary>
    /// <param name="weights">Always the same weights.</param>
    /// <param name="channels">1, 3 or 4.</param>
    public Layout For(ConvolutionWeights weights, int channels)
    {
        Layout? layout = Volatile.Read(ref _layouts[channels]);
        if (layout is null)
        {
            // Two threads may both make it; they make the same.
            layout = new Layout(weights, channels);
            Volatile.Write(ref _layouts[channels], layout);
        }

        return layout;
    }

    /// <summary>One group: the next 16 samples (bytes) of a row.</summary>
    /// <param name="First">Offset in bytes of what the shuffle picks from, for the first step.</param>
    /// <param name="Second">The same of its second vector, which the samples from the eighth on are picked from.</param>
    /// <param name="Steps">Steps of two taps.</param>
    /// <param name="At">Where picks and weights of the group begin: 64 bytes that pick the pairs of taps, then for each step 64 bytes of
    /// weights, and as many of low halves where weights are split.</param>
    internal readonly record struct Group(int First, int Second, int Steps, int At);

    /// <summary>Groups for one number of channels.</summary>
    internal sealed class Layout
    {
        /// <summary>Samples of a group.</summary>
        public const int Samples = 16;

        /// <summary>Bytes of a vector, and of the weights of a step.</summary>
        public const int Width = 64;

        /// <summary>The byte that is cleared for the zeros of a shuffle.</summary>
        public const int Zero = 63;

        private readonly byte[] _memory;
        private readonly int _start;

        public Layout(ConvolutionWeights weights, int channels)
        {
            Channels = channels;
            int samples = weights.First.Length * channels;
            int pixels = 0;
            for (int x = 0; x < weights.First.Length; x++)
            {
                pixels = Math.Max(pixels, weights.First[x] - weights.Origin + weights.Count[x]);
            }

            int parts = weights.IsSplit ? 2 : 1;
            Groups = new Group[(samples + Samples - 1) / Samples];
            // Four rows of two vectors each were measured slower than 256-bit vectors where pixels are wide and arithmetic is little.
            bool two = channels != 4 || weights.IsSplit;
            Vectors = TryArrange(weights, channels, 1, pixels) ? 1 : two && TryArrange(weights, channels, 2, pixels) ? 2 : 0;
            int length = Vectors != 0 && Groups is [.., Group end] ? end.At + (Width * (1 + (end.Steps * parts))) : 0;
            // Pinned, so that it stays aligned.
            _memory = GC.AllocateArray<byte>(checked(length + Width), pinned: true);
            unsafe
            {
                fixed (byte* memory = _memory)
                {
                    _start = (int)(-(nint)memory & (Width - 1));
                }
            }

            if (Vectors != 0)
            {
                Lay(weights, channels, _memory.AsSpan(_start));
            }
        }

        /// <summary>Bytes of a pixel.</summary>
        public int Channels { get; }

        /// <summary>Vectors that the taps of a group are picked from, 1 or 2; 0 where windows are too far apart for groups, or too
        /// slow with them.</summary>
        public int Vectors { get; }

        /// <summary>The groups.</summary>
        public Group[] Groups { get; }

        /// <summary>What groups point into, aligned.</summary>
        public ref byte Memory => ref _memory[_start];

        // One group, or nothing where the pairs of taps do not lie in its vectors, without their last byte.
        private static Group? Arrange(ConvolutionWeights weights, int channels, int from, int end, int vectors, int pixels)
        {
            int taps = 1;
            for (int x = from / channels; x <= (end - 1) / channels; x++)
            {
                taps = Math.Max(taps, weights.Count[x]);
            }

            int steps = (taps + 1) / 2;
            // The last step begins within the row, so that no more than a vector is read after it.
            int limit = pixels - 1 - (2 * (steps - 1));
            int second = Math.Min(from + (Samples / vectors), end);
            int? firstVector = Reach(weights, channels, from, second, limit);
            int? secondVector = second < end ? Reach(weights, channels, second, end, limit) : firstVector;
            return firstVector is int a && secondVector is int b ? new Group(a * channels, b * channels, steps, 0) : null;
        }

        private static int? Reach(ConvolutionWeights weights, int channels, int from, int end, int limit)
        {
            int first = limit;
            int last = 0;
            for (int x = from / channels; x <= (end - 1) / channels; x++)
            {
                first = Math.Min(first, weights.First[x] - weights.Origin);
                last = Math.Max(last, weights.First[x] - weights.Origin);
            }

            return (last - first + 2) * channels <= Zero ? first : null;
        }

        private bool TryArrange(ConvolutionWeights weights, int channels, int vectors, int pixels)
        {
            int at = 0;
            int all = weights.First.Length * channels;
            for (int g = 0; g < Groups.Length; g++)
            {
                int from = g * Samples;
                if (Arrange(weights, channels, from, Math.Min(from + Samples, all), vectors, pixels) is not Group group)
                {
                    return false;
                }

                Groups[g] = group with { At = at };
                at = checked(at + (Width * (1 + (group.Steps * (weights.IsSplit ? 2 : 1)))));
            }

            return true;
        }

        private void Lay(ConvolutionWeights weights, int channels, Span<byte> memory)
        {
            int all = weights.First.Length * channels;
            int half = Samples / Vectors;
            for (int g = 0; g < Groups.Length; g++)
            {
                Group place = Groups[g];
                Span<byte> group = memory[place.At..];
                group[..Width].Fill(Zero);
                int from = g * Samples;
                for (int s = from; s < Math.Min(from + Samples, all); s++)
                {
                    int x = s / channels;
                    bool inSecond = s - from >= half;
                    int pick = ((weights.First[x] - weights.Origin) * channels) + (s % channels) - (inSecond ? place.Second : place.First);
                    pick += inSecond ? Width : 0;
                    int slot = 4 * (s - from);
                    group[slot] = (byte)pick;
                    group[slot + 2] = (byte)(pick + channels);
                    LayWeights(weights, x, place.Steps, group[Width..], slot);
                }
            }
        }

        private static void LayWeights(ConvolutionWeights weights, int x, int steps, Span<byte> target, int slot)
        {
            int stride = Width * (weights.IsSplit ? 2 : 1);
            for (int tap = 0; tap < Math.Min(weights.Count[x], 2 * steps); tap++)
            {
                int place = (tap / 2 * stride) + slot + (tap % 2 * sizeof(short));
                BitConverter.TryWriteBytes(target[place..], weights.High[(x * weights.Stride) + tap]);
                if (weights.IsSplit)
                {
                    BitConverter.TryWriteBytes(target[(place + Width)..], weights.Low[(x * weights.Stride) + tap]);
                }
            }
        }
    }
}
