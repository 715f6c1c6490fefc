using System.Security.Cryptography;

namespace SafetySdk.PeerBenchmarks;

/// <summary>The answer is not what it must be: there is nothing to time.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);

/// <summary>What is needed for a workload is not installed.</summary>
internal sealed class MissingPeerException(string message) : Exception(message);

/// <summary>Something to time.</summary>
/// <param name="Run">One call.</param>
/// <param name="Check">Throws <see cref="WrongAnswerException"/>; otherwise what was found, in a few words.</param>
internal sealed record Workload(Action Run, Func<string> Check)
{
    /// <summary>The output whose digest is compared between the lanes; null where there is none.</summary>
    public float[]? Output { get; init; }

    /// <summary>Digest of the output as the last call left it.</summary>
    public string Digest()
        => Output is null ? "-" : Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Output)));
}

/// <summary>Comparisons with what is known.</summary>
internal static class Answer
{
    /// <summary>ImageNet's, for values in 0..255.</summary>
    public static readonly double[] Mean = [0.485 * 255, 0.456 * 255, 0.406 * 255];

    /// <summary>ImageNet's, for values in 0..255.</summary>
    public static readonly double[] Std = [0.229 * 255, 0.224 * 255, 0.225 * 255];

    /// <summary>The largest and the mean difference in levels.</summary>
    public static (int Largest, double Mean) Difference(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            throw new WrongAnswerException($"{a.Length} bytes instead of {b.Length}");
        }

        int largest = 0;
        long sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            int difference = Math.Abs(a[i] - b[i]);
            largest = Math.Max(largest, difference);
            sum += difference;
        }

        return (largest, (double)sum / a.Length);
    }

    /// <summary>Requires a normalised NCHW tensor to be <paramref name="rgb"/>, normalised in double precision.</summary>
    public static void RequireNormalised(ReadOnlySpan<float> planes, ReadOnlySpan<byte> rgb)
    {
        int plane = rgb.Length / 3;
        for (int i = 0; i < rgb.Length; i++)
        {
            double expected = (rgb[i] - Mean[i % 3]) / Std[i % 3];
            float found = planes[((i % 3) * plane) + (i / 3)];
            if (!(Math.Abs(found - expected) <= 2e-6 * Math.Max(1, Math.Abs(expected))))
            {
                throw new WrongAnswerException($"element {i} of the tensor is {found} instead of {expected}");
            }
        }
    }
}
