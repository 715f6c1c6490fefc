using System.Globalization;
using System.Security.Cryptography;
using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

/// <summary>
/// Against Debian 12's Pillow 9.4.0: <c>Image.fromarray(noise).resize((width, height), filter)</c>, sides of 1 to 5000 pixels, up and down.
/// The noise is that of <see cref="SyntheticPicture"/>; the digest is the SHA-256 of all bytes.
/// </summary>
public sealed class PillowParityTests
{
    private static readonly string[] Rows = [.. File.ReadLines(
        Path.Combine(TestEnvironment.RepositoryRoot, "tests/SafetySdk.Tests/Images/Data/pillow-rgb.csv")).Skip(1)];

    public static TheoryData<string> Filters() => [.. Rows.Select(row => row.Split(',')[5]).Distinct()];

    [Fact]
    public void The_table_is_complete()
    {
        Assert.Equal(280, Rows.Length);
        Assert.Equal(["bicubic", "bilinear", "box", "lanczos3", "nearest"], Rows.Select(row => row.Split(',')[5]).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Exact_gives_the_bytes_of_Pillow(string filter)
    {
        var wrong = new List<string>();
        foreach (string row in Rows.Where(row => row.Split(',')[5] == filter))
        {
            string[] field = row.Split(',');
            int[] side = [.. new[] { 0, 1, 3, 4 }.Select(i => int.Parse(field[i], CultureInfo.InvariantCulture))];
            using var image = PixelBuffer.FromRgb(
                SyntheticPicture.Create("noise", side[0], side[1], uint.Parse(field[2], CultureInfo.InvariantCulture)), side[0], side[1]);
            byte[] resized = new byte[3 * side[2] * side[3]];
            ImageResizer.Resize(image, ModeOf(filter), ResamplePrecision.Exact, side[2], side[3], resized);
            if (Convert.ToHexStringLower(SHA256.HashData(resized)) != field[6])
            {
                wrong.Add(row);
            }
        }

        Assert.Empty(wrong);
    }

    /// <summary>
    /// The same for <c>Image.frombytes("L" or "RGBA", …).resize(…)</c>; alpha below 85 is 0 and above 170 is 255, so that transparent,
    /// opaque and other pixels meet.
    /// </summary>
    [Theory]
    [InlineData(PixelFormat.Grey)]
    [InlineData(PixelFormat.Rgba)]
    public void Grey_and_transparent_pictures_get_the_bytes_of_Pillow_too(PixelFormat format)
    {
        string[] rows = [.. File.ReadLines(
            Path.Combine(TestEnvironment.RepositoryRoot, "tests/SafetySdk.Tests/Images/Data/pillow-grey-rgba.csv"))
            .Where(row => row.StartsWith($"{format},", StringComparison.OrdinalIgnoreCase))];
        Assert.Equal(60, rows.Length);
        var wrong = new List<string>();
        foreach (string row in rows)
        {
            string[] field = row.Split(',');
            int[] side = [.. new[] { 1, 2, 4, 5 }.Select(i => int.Parse(field[i], CultureInfo.InvariantCulture))];
            byte[] pixels = new byte[format.Channels() * side[0] * side[1]];
            uint state = uint.Parse(field[3], CultureInfo.InvariantCulture);
            for (int i = 0; i < pixels.Length; i++)
            {
                state = unchecked((state * 1664525) + 1013904223);
                byte value = (byte)(state >> 24);
                pixels[i] = format == PixelFormat.Rgba && i % 4 == 3 ? value switch { < 85 => (byte)0, > 170 => (byte)255, _ => value } : value;
            }

            byte[] resized = new byte[format.Channels() * side[2] * side[3]];
            ImageResizer.Resize(pixels, format, side[0], side[1], ModeOf(field[6]), ResamplePrecision.Exact, side[2], side[3], resized);
            if (Convert.ToHexStringLower(SHA256.HashData(resized)) != field[7])
            {
                wrong.Add(row);
            }
        }

        Assert.Empty(wrong);
    }

    private static ResampleMode ModeOf(string filter) => ResampleModes.Find(filter == "nearest" ? filter : $"pillow-{filter}")!.Value;
}
