using System.Globalization;
using System.Security.Cryptography;
using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Kernels;

namespace SafetySdk.Tests.Hashing;

/// <summary>
/// Against Pillow 9.4.0, NumPy 1.24.2 and SciPy 1.10.1: imagehash's average_hash, dhash and phash written out over
/// <c>image.convert("L").resize(size, LANCZOS)</c>, and <c>convert("L").resize(size, filter)</c> alone.
/// </summary>
public sealed class ImageHashTests
{
    public static TheoryData<string> Hashes() => Rows("imagehash.csv");

    public static TheoryData<string> Resized() => Rows("pillow-resize.csv");

    [Fact]
    public void The_tables_are_complete()
    {
        Assert.Equal(38, Hashes().Count);
        Assert.Equal(120, Resized().Count);
    }

    [Theory]
    [MemberData(nameof(Hashes))]
    public void Formula_pictures_hash_as_in_Python(string row)
    {
        string[] field = row.Split(',');
        using PixelBuffer image = Picture(field);
        Assert.Equal(field[4], AHash.Hash(image).ToString());
        Assert.Equal(field[5], DHash.Hash(image).ToString());
        Assert.Equal(field[6], PHash.Hash(image).ToString());
        Assert.Equal(field[7], PHash.Hash16(image).ToString());
    }

    [Theory]
    [MemberData(nameof(Resized))]
    public void Resizing_gives_the_bytes_of_Pillow(string row)
    {
        string[] field = row.Split(',');
        using PixelBuffer image = Picture(field);
        byte[] grey = new byte[image.Width * image.Height];
        RgbToGrey.Convert(image.Pixels, grey);
        int width = int.Parse(field[4], CultureInfo.InvariantCulture);
        int height = int.Parse(field[5], CultureInfo.InvariantCulture);
        byte[] target = new byte[width * height];
        ResampleFilter filter = Enum.Parse<ResampleFilter>(field[6], ignoreCase: true);
        PillowResampler.Resize(grey, image.Width, image.Height, target, width, height, filter);
        Assert.Equal(field[7], Convert.ToHexStringLower(SHA256.HashData(target))[..16]);
    }

    [Fact]
    public void A_hash_reads_and_writes_its_digits()
    {
        var hash = ImageHash64.Parse("0F0f8000000000c1");
        Assert.Equal("0f0f8000000000c1", hash.ToString());
        Assert.Equal(12, hash.HammingDistance(default));
        Assert.Equal(HashError.Length, Assert.Throws<HashException>(() => ImageHash64.Parse("0f")).Error);
        Assert.Equal(HashError.NotHexadecimal, Assert.Throws<HashException>(() => ImageHash64.Parse("0f0f8000000000cx")).Error);

        const string Digits = "8000800000000001c056da32015595e8acb0f83c85fc8e075c9d9b68ed7aa7cc";
        Assert.Equal(Digits, ImageHash256.Parse(Digits.ToUpperInvariant()).ToString());
        Assert.Equal(256, ImageHash256.Parse(new string('f', 64)).HammingDistance(default));
        Assert.Equal(4, new ImageHash256(1, 2, 4, 8).HammingDistance(default));
        Assert.Equal(HashError.Length, Assert.Throws<HashException>(() => ImageHash256.Parse("0f")).Error);
    }

    private static PixelBuffer Picture(string[] field)
    {
        int width = int.Parse(field[1], CultureInfo.InvariantCulture);
        int height = int.Parse(field[2], CultureInfo.InvariantCulture);
        uint parameter = uint.Parse(field[3], CultureInfo.InvariantCulture);
        return PixelBuffer.FromRgb(SyntheticPicture.Create(field[0], width, height, parameter), width, height);
    }

    private static TheoryData<string> Rows(string name)
        => [.. File.ReadLines(Path.Combine(TestEnvironment.RepositoryRoot, "tests/SafetySdk.Tests/Hashing/Data", name)).Skip(1)];
}
