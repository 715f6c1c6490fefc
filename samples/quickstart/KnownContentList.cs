using SafetySdk.Decoding.Vips;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Samples.Quickstart;

/// <summary>Writes a list of known content with one picture on it.</summary>
internal static class KnownContentList
{
    public static void Write(string path, string picture)
    {
        using DecodedImage image = new VipsImageDecoder().Decode(File.ReadAllBytes(picture), DecodeOptions.Default);
        PdqResult result = PdqHasher.Hash(image.Pixels);
        File.WriteAllText(path, $"{result.Hash},harmless landscape\n");
    }
}
