using System.Globalization;
using System.Security.Cryptography;
using SafetySdk.Images;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Images;

/// <summary>
/// Against Debian 12's OpenCV 4.6.0 (<c>INTER_LINEAR</c>), torchvision's <c>Resize</c> and <c>CenterCrop</c> written out over Pillow 9.4.0
/// bicubic, and Ultralytics' letterbox written out over OpenCV, on the noise of <see cref="SyntheticPicture"/>.
/// </summary>
public sealed class ReferenceTensorTests
{
    private static readonly string[] Rows = [.. File.ReadLines(
        Path.Combine(TestEnvironment.RepositoryRoot, "tests/SafetySdk.Tests/Images/Data/opencv-and-fits.csv")).Skip(1)];

    [Theory]
    [InlineData("opencv-linear", 60)]
    [InlineData("centre-crop", 24)]
    [InlineData("letterbox", 24)]
    public void Gives_the_bytes_of_the_reference(string what, int cases)
    {
        string[] rows = [.. Rows.Where(row => row.Split(',')[5].StartsWith(what, StringComparison.Ordinal))];
        Assert.Equal(cases, rows.Length);
        Assert.DoesNotContain(rows, row => Digest(row) != row.Split(',')[6]);
    }

    private static string Digest(string row)
    {
        string[] field = row.Split(',');
        int[] side = [.. new[] { 0, 1, 3, 4 }.Select(i => int.Parse(field[i], CultureInfo.InvariantCulture))];
        string[] what = field[5].Split("crop-");
        var recipe = new TensorRecipe
        {
            Name = field[5],
            Width = side[2],
            Height = side[3],
            Resample = what.Length == 2 ? ResampleMode.PillowBicubic : ResampleMode.OpenCvLinear,
            Fit = what.Length == 2 ? TensorFit.CentreCrop : field[5] == "letterbox" ? TensorFit.Letterbox : TensorFit.Squash,
            ShortestEdge = what.Length == 2 ? int.Parse(what[1], CultureInfo.InvariantCulture) : 0,
            PadColour = field[5] == "letterbox" ? new(114, 115, 116) : default,
        };
        using var image = PixelBuffer.FromRgb(
            SyntheticPicture.Create("noise", side[0], side[1], uint.Parse(field[2], CultureInfo.InvariantCulture)), side[0], side[1]);
        byte[] levels = new byte[recipe.ElementCount];
        ImageTensor.Write(image, new(0, 0, side[0], side[1]), recipe, levels);
        return Convert.ToHexStringLower(SHA256.HashData(levels));
    }
}
