using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Tests.Hashing;

public sealed class PdqHasherTests
{
    private const string AaaOriginal = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";

    public static TheoryData<string> SyntheticRows()
        => [.. File.ReadLines(
            Path.Combine(TestEnvironment.RepositoryRoot, "tests/SafetySdk.Tests/Hashing/Data/pdq-synthetic.csv")).Skip(1)];

    [Fact]
    public void The_table_of_formula_pictures_is_complete() => Assert.Equal(68, SyntheticRows().Count);

    [Theory]
    [MemberData(nameof(SyntheticRows))]
    public void Formula_pictures_hash_as_the_reference_does(string row)
    {
        string[] field = row.Split(',');
        int width = int.Parse(field[1], CultureInfo.InvariantCulture);
        int height = int.Parse(field[2], CultureInfo.InvariantCulture);
        uint parameter = uint.Parse(field[3], CultureInfo.InvariantCulture);
        CheckRow(SyntheticPicture.Create(field[0], width, height, parameter), width, height, field.AsSpan(4));
    }

    [Fact]
    public void Photographs_hash_as_the_reference_does()
    {
        string raw = Pdq("raw");
        int rows = 0;
        foreach (string line in File.ReadLines(Pdq("expected.csv")).Skip(1))
        {
            string[] field = line.Split(',');
            string path = Path.Combine(raw, field[0] + ".ppm.gz");
            if (File.Exists(path))
            {
                (byte[] rgb, int width, int height) = ReadPpm(path);
                CheckRow(rgb, width, height, [field[1], .. field[4..]]);
                rows++;
            }
        }

        Assert.Equal(16, rows);
    }

    [Theory]
    [InlineData("aaa-orig")]
    [InlineData("square-512x512")]
    [InlineData("wee")]
    public void Each_step_leaves_the_bits_of_the_reference(string name)
    {
        (byte[] rgb, int width, int height) = ReadPpm(Path.Combine(Pdq("raw"), name + ".ppm.gz"));
        foreach (PdqProfile profile in Enum.GetValues<PdqProfile>())
        {
            string stem = $"{name}.{(profile == PdqProfile.Full ? "full" : "cpp512")}";
            float[] luma = new float[PdqHasher.ReducedCount];
            float[] transform = new float[PdqHasher.TransformCount];
            Assert.True(PdqHasher.Reduce(rgb, width, height, profile, skipFilterAt64: true, luma));
            PdqHasher.Transform(luma, transform);
            Assert.Equal(File.ReadAllBytes(Pdq("intermediate", stem + ".luma64.f32")), MemoryMarshal.AsBytes<float>(luma));
            Assert.Equal(File.ReadAllBytes(Pdq("intermediate", stem + ".dct16.f32")), MemoryMarshal.AsBytes<float>(transform));
        }
    }

    [Fact]
    public void Any_size_gives_the_bits_of_the_scalar_description()
    {
        var random = new Random(20261125);
        int[] sides = [5, 6, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 385, 512, 513, 650];
        for (int round = 0; round < 60; round++)
        {
            int width = round % 3 == 0 ? random.Next(5, 700) : sides[random.Next(sides.Length)];
            int height = round % 3 == 1 ? random.Next(5, 700) : sides[random.Next(sides.Length)];
            byte[] rgb = new byte[width * height * 3];
            random.NextBytes(rgb);
            PdqProfile profile = round % 4 == 0 ? PdqProfile.Cpp512 : PdqProfile.Full;
            float[] luma = new float[PdqHasher.ReducedCount];
            float[] transform = new float[PdqHasher.TransformCount];
            PdqHasher.Reduce(rgb, width, height, profile, round % 2 == 0, luma);
            PdqHasher.Transform(luma, transform);
            float[] expected = PdqOracle.Luma64(rgb, width, height, profile, round % 2 == 0)!;
            Assert.True(Bits(expected).SequenceEqual(Bits(luma)), $"samples of {width}x{height} {profile}");
            Assert.True(Bits(PdqOracle.Transform(expected)).SequenceEqual(Bits(transform)), $"transform of {width}x{height} {profile}");
            Array.Sort(expected = PdqOracle.Transform(expected));
            Assert.Equal(expected[127], SafetySdk.Kernels.LowerMedian.Find(transform));
        }
    }

    [Fact]
    public void A_flat_picture_has_quality_zero_and_must_not_be_compared()
    {
        byte[] rgb = SyntheticPicture.Create("flat", 200, 200, 128);
        Assert.Equal(0, PdqHasher.Hash(rgb, 200, 200).Quality);
        Assert.False(PdqHasher.Hash(rgb, 200, 200).HasEnoughDetail);
        Assert.False(PdqHasher.HashDihedral(rgb, 200, 200).HasEnoughDetail);
        Assert.True(new PdqResult(default, 50).HasEnoughDetail);
        Assert.False(new PdqResult(default, 49).HasEnoughDetail);
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        byte[] rgb = SyntheticPicture.Create("noise", 640, 480, 3);
        using var image = PixelBuffer.FromRgb(rgb, 640, 480);
        Assert.Equal(0, SteadyState.LeastAllocated(() =>
        {
            PdqHasher.Hash(image);
            PdqHasher.HashDihedral(image, PdqProfile.Cpp512);
        }));
    }

    [Fact]
    public void A_buffer_that_does_not_fit_the_sides_is_refused()
    {
        Assert.Throws<ArgumentException>(() => PdqHasher.Hash(new byte[299], 10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => PdqHasher.Hash([], 0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => PdqHasher.HashDihedral(new byte[300], 10, 10, (PdqProfile)7));
        Assert.Throws<ArgumentException>(() => PdqHasher.Hash(new byte[3], 65536 * 2, 32768 * 2));
    }

    [Fact]
    public void A_hash_reads_and_writes_its_digits()
    {
        var hash = PdqHash.Parse(AaaOriginal.ToUpperInvariant());
        Assert.Equal(AaaOriginal, hash.ToString());
        byte[] bytes = new byte[32];
        hash.WriteBytes(bytes);
        Assert.Equal(Convert.FromHexString(AaaOriginal), bytes);
        Assert.Equal(hash, PdqHash.FromBytes(bytes));
        Assert.True(PdqHash.TryParse(AaaOriginal, out PdqHash again));
        Assert.Equal(hash, again);
        Assert.Equal(0, hash.HammingDistance(again));
        Assert.Equal(256, default(PdqHash).HammingDistance(PdqHash.Parse(new string('f', 64))));
        bytes[0] ^= 0b1000_0001;
        bytes[31] ^= 1;
        Assert.Equal(3, hash.HammingDistance(PdqHash.FromBytes(bytes)));
    }

    [Theory]
    [InlineData("", HashError.Length)]
    [InlineData("f8f8", HashError.Length)]
    [InlineData("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b2", HashError.Length)]
    [InlineData("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b222", HashError.Length)]
    [InlineData("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b2g", HashError.NotHexadecimal)]
    [InlineData(" 8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22", HashError.NotHexadecimal)]
    [InlineData("f8f8f0cee0f4a84f06370a22038f63f\u01fab36e2ed596621e1d33e6b39c4e9c9b22", HashError.NotHexadecimal)]
    public void A_text_that_is_no_hash_is_a_typed_error_without_the_text(string text, HashError error)
    {
        HashException thrown = Assert.Throws<HashException>(() => PdqHash.Parse(text));
        Assert.Equal(error, thrown.Error);
        Assert.DoesNotContain("f8f8", thrown.Message, StringComparison.Ordinal);
        Assert.False(PdqHash.TryParse(text, out PdqHash hash));
        Assert.Equal(default, hash);
    }

    private static ReadOnlySpan<int> Bits(float[] values) => MemoryMarshal.Cast<float, int>(values.AsSpan());

    private static string Pdq(params string[] parts) => TestEnvironment.Shared(["testdata", "pdq", .. parts]);

    // profile, quality, hash, quality of the eight, the eight in order.
    private static void CheckRow(byte[] rgb, int width, int height, ReadOnlySpan<string> expected)
    {
        PdqProfile profile = expected[0] == "full" ? PdqProfile.Full : PdqProfile.Cpp512;
        PdqResult single = PdqHasher.Hash(rgb, width, height, profile);
        PdqDihedralResult eight = PdqHasher.HashDihedral(rgb, width, height, profile);
        Assert.Equal(expected[1], single.Quality.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(expected[2], single.Hash.ToString());
        Assert.Equal(expected[3], eight.Quality.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(12, expected.Length);
        for (int form = 0; form < PdqForms.Count; form++)
        {
            Assert.Equal(expected[4 + form], eight.Hashes[form].ToString());
            Assert.Equal(expected[4 + form], eight[(PdqForm)form].ToString());
        }
    }

    private static (byte[] Rgb, int Width, int Height) ReadPpm(string path)
    {
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        byte[] bytes = memory.ToArray();
        string[] header = System.Text.Encoding.Latin1.GetString(bytes, 0, 40).Split((char[]?)null, 5, StringSplitOptions.None);
        Assert.Equal("P6", header[0]);
        int width = int.Parse(header[1], CultureInfo.InvariantCulture);
        int height = int.Parse(header[2], CultureInfo.InvariantCulture);
        return (bytes[^(width * height * 3)..], width, height);
    }
}
