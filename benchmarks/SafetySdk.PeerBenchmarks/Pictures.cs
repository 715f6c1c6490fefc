using SafetySdk.Images;

namespace SafetySdk.PeerBenchmarks;

/// <summary>What peers.py prepared.</summary>
internal sealed class Pictures(string folder)
{
    private readonly Dictionary<string, PixelBuffer> _images = [];

    /// <summary>A file's bytes.</summary>
    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(folder, name));

    /// <summary>Raw RGB; stays in memory.</summary>
    public PixelBuffer Image(string name, int width, int height)
    {
        if (!_images.TryGetValue(name, out PixelBuffer? image))
        {
            _images[name] = image = PixelBuffer.FromRgb(Read($"{name}.rgb"), width, height);
        }

        return image;
    }
}
