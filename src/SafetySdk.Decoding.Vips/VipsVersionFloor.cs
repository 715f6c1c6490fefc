using System.Text.Json;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// Oldest versions without a known hole: libvips states its own at run time, those of its codecs stand only in the package's
/// <c>versions.json</c>.
/// </summary>
internal static class VipsVersionFloor
{
    public const string VersionsFile = "versions.json";

    public static Version Library { get; } = new(8, 18, 7);

    private static readonly (string Name, Version Floor)[] Codecs = [("png", new Version(1, 6, 58)), ("webp", new Version(1, 6, 0))];
    private static readonly (string Name, Version Floor)[] AvifCodecs = [("heif", new Version(1, 23, 5))];

    public static void CheckLibrary(Version found)
    {
        if (found < Library)
        {
            throw TooOld("libvips", found.ToString(), Library);
        }
    }

    /// <param name="versionsJson">Content of the file; null where there is none.</param>
    /// <param name="acceptUnknown">Whether a missing file or entry is accepted. A version that is known and too old never is.</param>
    /// <param name="avif">Whether those of AVIF are meant, else those that are always open.</param>
    public static void CheckCodecs(byte[]? versionsJson, bool acceptUnknown, bool avif = false)
    {
        JsonElement root = default;
        if (versionsJson is not null)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(versionsJson);
                root = document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new ImageException(ImageError.DecoderTooOld, $"{VersionsFile} beside libvips is no JSON; {Advice}", e);
            }
        }

        foreach ((string name, Version floor) in avif ? AvifCodecs : Codecs)
        {
            string? text = root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value)
                && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (Version.TryParse(text, out Version? found))
            {
                if (found < floor)
                {
                    throw TooOld("lib" + name, text, floor);
                }
            }
            else if (!acceptUnknown)
            {
                throw TooOld("lib" + name, text ?? $"unknown (no entry in {VersionsFile} beside libvips)", floor);
            }
        }
    }

    private const string Advice = "run: " + VipsLibraryFile.RestoreCommand;

    private static ImageException TooOld(string library, string found, Version floor)
        => new(ImageError.DecoderTooOld, $"{library} {found} is not accepted, at least {floor} is required; {Advice}");
}
