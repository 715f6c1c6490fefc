using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using SafetySdk.Models.Packages;

namespace SafetySdk.Models.Tests;

/// <summary>A folder that is deleted with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("safetysdk-models-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A package archive made for a test, with the pin that fits it.</summary>
internal sealed class TestPackage
{
    public TestPackage(string folder, params (string Entry, string Content)[] files)
        : this(folder, [.. files.Select(static file => Entry(file.Entry, file.Content))])
    {
    }

    public TestPackage(string folder, params TarEntry[] entries)
    {
        PackagePin pin = new("@test/package", "1.2.3", "", "MIT", "models");
        Archive = Path.Combine(folder, pin.ArchiveName);
        using (FileStream stream = File.Create(Archive))
        using (GZipStream compressed = new(stream, CompressionLevel.Fastest))
        using (TarWriter writer = new(compressed))
        {
            foreach (TarEntry entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        Pin = pin with { Integrity = $"sha512-{Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(Archive)))}" };
    }

    public string Archive { get; }

    public PackagePin Pin { get; }

    public static TarEntry Entry(string name, string content) =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };
}
