using System.Numerics;
using System.Runtime.InteropServices;
using SafetySdk.Images;

namespace SafetySdk.PeerBenchmarks;

/// <summary>Native peers and the physical floors.</summary>
internal sealed class PeerWorkloads(Pictures pictures)
{
    private readonly Lazy<VipsPeer> _vips = new(static () => new VipsPeer());
    private readonly Lazy<TurboJpegPeer> _turbo = new(static () => new TurboJpegPeer());

    private static ulong _sink;

    /// <summary>The resize of libvips alone: no normalisation, no planes.</summary>
    public Workload Reduce(Shrink shrink, string filter)
    {
        VipsPeer vips = _vips.Value;
        PixelBuffer image = pictures.Image(shrink.Source, shrink.Width, shrink.Height);
        return new(() => vips.Reduce(image.Pixels, shrink.Width, shrink.Height, shrink.Side, filter, []), Check);

        string Check()
        {
            byte[] resized = new byte[3 * shrink.Side * shrink.Side];
            vips.Reduce(image.Pixels, shrink.Width, shrink.Height, shrink.Side, filter, resized);
            (int largest, double mean) = Answer.Difference(resized, pictures.Read($"{shrink.Name}-{filter}.rgb"));

            // The same filter; weights are rounded and positions snapped to a grid, which shows at sharp edges.
            return mean < 1 && largest < 64
                ? $"{largest}, {mean:0.##}"
                : throw new WrongAnswerException($"libvips is {largest} levels from Pillow, {mean:0.##} in the mean");
        }
    }

    /// <summary>One read of the source.</summary>
    public Workload Read(Shrink shrink)
    {
        PixelBuffer image = pictures.Image(shrink.Source, shrink.Width, shrink.Height);
        return new(() => _sink = Sum(image.Pixels), () => "-");
    }

    /// <summary>One write of the tensor.</summary>
    public static Workload Fill(int side)
    {
        float[] tensor = new float[3 * side * side];
        return new(() => tensor.AsSpan().Clear(), () => "-");
    }

    /// <summary>A raw decode by libvips.</summary>
    public Workload Strips(string megapixels, bool prepareOnly)
    {
        VipsPeer vips = _vips.Value;
        byte[] encoded = pictures.Read($"{megapixels}.jpg");
        return new(() => vips.Decode(encoded, prepareOnly, []), Check);

        string Check()
        {
            byte[] expected = pictures.Read($"{megapixels}.rgb");
            byte[] rgb = new byte[expected.Length];
            vips.Decode(encoded, prepareOnly: false, rgb);
            return rgb.AsSpan().SequenceEqual(expected) ? "-" : throw new WrongAnswerException("the pixels are not Pillow's");
        }
    }

    /// <summary>A decode by libjpeg-turbo into a reused buffer.</summary>
    public Workload Turbo(string megapixels)
    {
        TurboJpegPeer turbo = _turbo.Value;
        byte[] encoded = pictures.Read($"{megapixels}.jpg");
        byte[] expected = pictures.Read($"{megapixels}.rgb");
        byte[] rgb = new byte[expected.Length];
        return new(() => turbo.Decode(encoded, rgb), Check);

        string Check() => rgb.AsSpan().SequenceEqual(expected) ? "-" : throw new WrongAnswerException("the pixels are not Pillow's");
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
        Vector<ulong> a = default, b = default, c = default, d = default;
        for (int i = 0; i <= vectors.Length - 4; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
