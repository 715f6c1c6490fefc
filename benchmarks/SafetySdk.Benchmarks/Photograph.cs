namespace SafetySdk.Benchmarks;

/// <summary>The pictures that the benchmarks use; native/restore.sh obtains them.</summary>
internal static class Photograph
{
    /// <summary>A street, 1250 x 835.</summary>
    public static byte[] OneMegapixelPng => Read("photo1.png");

    /// <summary>A party of six, 1920 x 1280.</summary>
    public static byte[] TwoMegapixelJpeg => Read("sample1.jpg");

    private static byte[] Read(string name)
    {
        string path = Path.Combine(SafetyHome.Find().Path, "photographs", name);
        return File.Exists(path) ? File.ReadAllBytes(path) : throw new FileNotFoundException("Run native/restore.sh first.", path);
    }
}
