using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

public sealed class TurnedPictureTests
{
    // 3 x 2 pixels, numbered 0 to 5 row by row.
    [Theory]
    [InlineData(1, 2, new[] { 3, 0, 4, 1, 5, 2 })]
    [InlineData(2, 3, new[] { 5, 4, 3, 2, 1, 0 })]
    [InlineData(3, 2, new[] { 2, 5, 1, 4, 0, 3 })]
    public void Turns_clockwise(int quarters, int width, int[] want)
    {
        using PixelBuffer image = Numbered(3, 2);
        using PixelBuffer turned = TurnedPicture.Turn(image, new PixelRectangle(0, 0, 3, 2), quarters, 100);
        Assert.Equal(width, turned.Width);
        Assert.Equal(want, Numbers(turned));
    }

    [Fact]
    public void Takes_a_part_and_reduces_it()
    {
        using PixelBuffer image = Numbered(10, 8);
        using PixelBuffer part = TurnedPicture.Turn(image, new PixelRectangle(4, 2, 2, 2), 2, 100);
        Assert.Equal([35, 34, 25, 24], Numbers(part));
        using PixelBuffer small = TurnedPicture.Turn(image, new PixelRectangle(0, 0, 10, 8), 1, 5);
        Assert.Equal((4, 5), (small.Width, small.Height));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_box_goes_back_to_where_it_came_from(int quarters)
    {
        // One marked pixel in 40 x 20.
        using PixelBuffer image = PixelBuffer.Rent(40, 20);
        image.Pixels.Clear();
        image.Pixels[((7 * 40) + 31) * 3] = 255;
        using PixelBuffer turned = TurnedPicture.Turn(image, new PixelRectangle(0, 0, 40, 20), quarters, 100);
        int at = turned.Pixels.IndexOf((byte)255) / 3;
        (int x, int y) = (at % turned.Width, at / turned.Width);
        BoundingBox back = TurnedPicture.Back(new(x, y, x + 1, y + 1), turned, quarters, 40, 20);
        Assert.Equal((31, 7, 32, 8), ((int)Math.Round(back.Left), (int)Math.Round(back.Top), (int)Math.Round(back.Right), (int)Math.Round(back.Bottom)));
    }

    private static PixelBuffer Numbered(int width, int height)
    {
        PixelBuffer image = PixelBuffer.Rent(width, height);
        for (int i = 0; i < width * height; i++)
        {
            image.Pixels.Slice(i * 3, 3).Fill((byte)i);
        }

        return image;
    }

    private static int[] Numbers(PixelBuffer image)
        => [.. Enumerable.Range(0, image.Width * image.Height).Select(i => (int)image.Pixels[i * 3])];
}
