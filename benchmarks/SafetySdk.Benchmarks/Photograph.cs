namespace SafetySdk.Benchmarks;

/// <summary>The picture that the benchmarks use: a photograph of about one megapixel that native/restore.sh obtains.</summary>
internal static class Photograph
{
    public static byte[] OneMegapixelJpeg => Read("sample1.jpg");

    public static byte[] OneMegapixelPng => Read("photo1.png");

    private static byte[] Read(string name)
    {
        string path = Path.Combine(SafetyHome.Find().Path, "photographs", name);
        return File.Exists(path) ? File.ReadAllBytes(path) : throw new FileNotFoundException("Run native/restore.sh first.", path);
    }
}
