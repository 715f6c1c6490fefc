using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

public sealed class DecodingTests
{
    [Fact]
    public void Overlap_is_intersection_over_union()
    {
        var a = new BoundingBox(0, 0, 10, 10);
        Assert.Equal(1, a.Overlap(a), 1e-6f);
        Assert.Equal(50f / 150, a.Overlap(new(5, 0, 15, 10)), 1e-6f);
        Assert.Equal(0, a.Overlap(new(10, 0, 20, 10)));
        Assert.Equal(0, a.Overlap(new(10, 10, 0, 0)));
    }

    [Fact]
    public void Suppression_keeps_the_strongest_of_each_class()
    {
        List<Detection> candidates =
        [
            new(new(1, 1, 11, 11), 0.7f, 0, 1),
            new(new(0, 0, 10, 10), 0.9f, 0, 2),
            new(new(0, 0, 10, 10), 0.8f, 1, 3),
            new(new(50, 50, 60, 60), 0.6f, 0, 4),
        ];
        Assert.Equal([2, 3, 4], NonMaximumSuppression.Suppress(candidates, 0.5f, 100).Select(static d => d.Source));
        Assert.Equal([2, 3, 1, 4], NonMaximumSuppression.Suppress(candidates, 0.9f, 100).Select(static d => d.Source));
        Assert.Equal([2], NonMaximumSuppression.Suppress(candidates, 0.9f, 1).Select(static d => d.Source));
    }

    [Fact]
    public void Suppression_does_not_depend_on_order()
    {
        List<Detection> candidates = [new(new(0, 0, 10, 10), 0.9f, 0, 7), new(new(0, 0, 10, 10), 0.9f, 0, 3)];
        List<Detection> reversed = [candidates[1], candidates[0]];
        Assert.Equal(
            NonMaximumSuppression.Suppress(candidates, 0.5f, 10).Single(), NonMaximumSuppression.Suppress(reversed, 0.5f, 10).Single());
    }

    [Fact]
    public void Faces_are_scaled_by_the_padded_side_and_clipped_to_the_picture()
    {
        // ymin, xmin, ymax, xmax; the picture is 100 x 50, so the lower half of the square is padding.
        float[] boxes = [0.1f, 0.2f, 0.3f, 0.4f, -0.1f, 0.9f, 0.6f, 1.2f, 0.6f, 0.1f, 0.9f, 0.3f, 0.1f, 0.2f, 0.3f, 0.4f];
        List<Detection> faces = FaceDetector.Decode(boxes, [0.8f, 0.9f, 0.95f, 0.4f], 100, 50, 0.4f);
        Assert.Equal([1, 0], faces.Select(static f => f.Source));
        Assert.Equal(new BoundingBox(90, 0, 100, 50), faces[0].Box);
        Assert.Equal(20, faces[1].Box.Left, 1e-4f);
        Assert.Equal(10, faces[1].Box.Top, 1e-4f);
        Assert.Equal(40, faces[1].Box.Right, 1e-4f);
        Assert.Equal(30, faces[1].Box.Bottom, 1e-4f);
    }

    [Fact]
    public void Ages_come_from_the_class_probabilities()
    {
        var classes = new float[100];
        classes[9] = 0.6f;
        classes[17] = 0.1f;
        classes[18] = 0.2f;
        classes[99] = 0.1f;
        (double under18, double years) = AgeEstimator.DecodeClasses(classes);
        Assert.Equal(0.7, under18, 1e-6);
        Assert.Equal(1 + (((9 * 0.6) + (18 * 0.2)) / 0.8), years, 1e-5);

        // Two equal classes at the start: both count.
        var even = new float[100];
        even[0] = even[1] = 0.5f;
        Assert.Equal(1.5, AgeEstimator.DecodeClasses(even).Years, 1e-6);
        Assert.Throws<InferenceException>(() => AgeEstimator.DecodeClasses(new float[100]));
    }

    [Fact]
    public void Objects_integrate_their_side_distributions()
    {
        const int Cells = 13 * 13;
        var scores = new float[Cells * 80];
        var sides = new float[Cells * 44];
        int cell = (2 * 13) + 5;
        scores[(cell * 80) + 3] = 0.8f;
        scores[(cell * 80) + 7] = 0.3f;
        int at = cell * 44;
        sides[at + 4] = 100;              // left: all weight in bin 4
        sides[at + 11 + 2] = sides[at + 11 + 3] = 100; // top: halfway between 2 and 3
        sides[at + 33] = 100;             // bottom: 0; right: even over 11 bins, mean 5
        var found = new List<Detection>();
        ObjectDetector.Decode(scores, sides, 32, found);
        Detection d = Assert.Single(found);
        Assert.Equal(3, d.Class);
        Assert.Equal(5.5f * 32 - (4 * 32), d.Box.Left, 1e-3f);
        Assert.Equal(2.5f * 32 - (2.5f * 32), d.Box.Top, 1e-3f);
        Assert.Equal(5.5f * 32 + (5 * 32), d.Box.Right, 1e-3f);
        Assert.Equal(2.5f * 32, d.Box.Bottom, 1e-3f);
    }

    [Fact]
    public void Nsfw_scores_are_means()
    {
        NsfwScores mean = NsfwScores.Mean(NsfwScores.From([0.1f, 0.2f, 0.3f, 0.4f, 0]), NsfwScores.From([0.3f, 0, 0.3f, 0, 0.4f]));
        Assert.Equal(0.3, mean.Explicit, 1e-6);
        Assert.Equal(0.2, mean.Suggestive, 1e-6);
        Assert.Equal(0.3, mean.Drawn, 1e-6);
    }

    [Fact]
    public void Flatness_counts_the_eight_most_frequent_levels()
    {
        // 100 pixels: ten levels, 19 of the first, 9 of each other.
        using PixelBuffer image = PixelBuffer.Rent(10, 10);
        for (int i = 0; i < 100; i++)
        {
            byte v = (byte)(8 * (i < 91 ? i % 10 : 0));
            image.Pixels.Slice(i * 3, 3).Fill(v);
        }

        int[] counts = [.. Enumerable.Range(0, 10).Select(k => Enumerable.Range(0, 100).Count(i => (i < 91 ? i % 10 : 0) == k)).OrderDescending()];
        Assert.Equal(counts.Take(8).Sum() / 100.0, PhotoClassifier.Flatness(image), 1e-12);

        using PixelBuffer plain = PixelBuffer.FromRgb([255, 255, 255], 1, 1);
        Assert.Equal(1, PhotoClassifier.Flatness(plain));
    }

    [Theory]
    [InlineData(0, 0.0, 1)]
    [InlineData(0.65, 0.0, 0.5)]
    [InlineData(0.1, 0.7, 0.5)]
    [InlineData(0.1, 1.0, 0)]
    [InlineData(1, 0.0, 0)]
    [InlineData(0.325, null, 0.75)]
    public void Photo_score_crosses_one_half_at_the_thresholds(double flatness, double? drawn, double want) =>
        Assert.Equal(want, PhotoClassifier.Score(flatness, drawn), 1e-9);

    [Fact]
    public void Ctc_drops_repeats_and_blanks()
    {
        CtcDecoder decoder = CtcDecoder.FromDictionary("a\nb\n\u3000\n");
        Assert.Equal(5, decoder.Classes);
        int[] path = [1, 1, 0, 1, 2, 2, 3, 4, 0];
        var steps = new float[path.Length * 5];
        for (int t = 0; t < path.Length; t++)
        {
            steps[(t * 5) + path[t]] = 0.5f + (0.05f * t);
        }

        (string text, double confidence, int symbols) = decoder.Decode(steps);
        Assert.Equal("aab\u3000 ", text);
        Assert.Equal(5, symbols);
        Assert.Equal((0.5 + 0.65 + 0.7 + 0.8 + 0.85) / 5, confidence, 1e-6);
        Assert.Equal((string.Empty, 0d, 0), decoder.Decode([1, 0, 0, 0, 0]));
    }

    [Fact]
    public void Smallest_rectangle_of_a_tilted_one()
    {
        // A 20 x 10 rectangle along (3, 4) / 5, corners on whole pixels.
        OrientedRectangle r = OrientedRectangle.Around([(10, 10), (22, 26), (14, 32), (2, 16)]);
        Assert.Equal(10, r.ShortSide, 1e-9);
        Assert.Equal(20, Math.Max(r.Length, r.Breadth), 1e-9);
        Assert.Equal(12, r.CentreX, 1e-9);
        Assert.Equal(21, r.CentreY, 1e-9);
        Assert.Equal(12, r.Grow(1).ShortSide, 1e-9);

        Span<double> corners = stackalloc double[8];
        r.Corners(corners);
        for (int i = 0; i < 8; i += 2)
        {
            double x = corners[i];
            double y = corners[i + 1];
            Assert.Contains(new[] { (10, 10), (22, 26), (14, 32), (2, 16) }, p => Math.Abs(p.Item1 - x) < 1e-9 && Math.Abs(p.Item2 - y) < 1e-9);
        }

        // A straight 20 x 10 rectangle with a corner cut off: the first side is not the one to lie on.
        OrientedRectangle cut = OrientedRectangle.Around([(0, 2), (2, 0), (20, 0), (20, 10), (0, 10)]);
        Assert.Equal(10, cut.ShortSide, 1e-9);
        Assert.Equal(200, cut.Length * cut.Breadth, 1e-9);

        Assert.Equal(0, OrientedRectangle.Around([(3, 4)]).ShortSide);
        Assert.Equal(0, OrientedRectangle.Around([(3, 4), (9, 4)]).ShortSide);
    }

    [Fact]
    public void Mean_covers_the_pixels_inside()
    {
        var map = new float[10 * 10];
        for (int y = 2; y <= 5; y++)
        {
            for (int x = 3; x <= 7; x++)
            {
                map[(y * 10) + x] = 1;
            }
        }

        Assert.Equal(1, new OrientedRectangle(5, 3.5, 1, 0, 4, 3).Mean(map, 10, 10), 1e-9);
        Assert.Equal(20.0 / 25, new OrientedRectangle(5, 4, 1, 0, 4, 4).Mean(map, 10, 10), 1e-9);
        Assert.Equal(20.0 / 100, new OrientedRectangle(5, 5, 0, 1, 400, 400).Mean(map, 10, 10), 1e-9);

        // A diamond of radius 2 about (5, 4) holds 13 pixel centres; the lowest lies outside the block.
        double half = Math.Sqrt(0.5);
        double mean = new OrientedRectangle(5, 4, half, half, 2 * Math.Sqrt(2), 2 * Math.Sqrt(2)).Mean(map, 10, 10);
        Assert.Equal(12.0 / 13, mean, 1e-9);
    }

    [Fact]
    public void Regions_are_found_grown_scaled_and_ordered()
    {
        var map = new float[64 * 64];
        Fill(map, 40, 10, 20, 8, 0.9f);
        Fill(map, 5, 12, 20, 8, 0.9f);
        Fill(map, 10, 40, 30, 10, 0.4f);
        Fill(map, 2, 60, 30, 2, 0.9f);
        List<TextQuadrilateral> regions = TextRegions.Find(map, 64, 64, 128, 64);

        // The third is too weak, the fourth too thin; tops 2 pixels apart count as one line.
        Assert.Equal(2, regions.Count);
        double d = 19 * 7 * 1.6 / (2 * (19 + 7));
        Assert.Equal(new ImagePoint(Math.Round(2 * (5 - d)), Math.Round(12 - d)), regions[0].TopLeft);
        Assert.Equal(new ImagePoint(Math.Round(2 * (24 + d)), Math.Round(19 + d)), regions[0].BottomRight);
        Assert.True(regions[0].TopLeft.X < regions[1].TopLeft.X);
    }

    [Fact]
    public void A_thin_diagonal_is_one_region()
    {
        var map = new float[64 * 64];
        for (int i = 10; i < 50; i++)
        {
            for (int k = -4; k <= 4; k++)
            {
                map[((i + k) * 64) + i] = 0.95f;
            }
        }

        TextQuadrilateral region = Assert.Single(TextRegions.Find(map, 64, 64, 64, 64));
        double length = double.Hypot(region.TopRight.X - region.TopLeft.X, region.TopRight.Y - region.TopLeft.Y);
        double breadth = double.Hypot(region.BottomLeft.X - region.TopLeft.X, region.BottomLeft.Y - region.TopLeft.Y);
        Assert.True(Math.Max(length, breadth) > 2.5 * Math.Min(length, breadth), $"{length} x {breadth}");
    }

    [Theory]
    [InlineData(480, 320, 480, 320)]
    [InlineData(2000, 1000, 960, 480)]
    [InlineData(10, 10, 32, 32)]
    [InlineData(1, 10000, 32, 960)]
    [InlineData(100, 1000, 96, 960)]
    public void Text_detection_takes_multiples_of_32(int width, int height, int wantWidth, int wantHeight) =>
        Assert.Equal((wantWidth, wantHeight), TextReader.DetectionSize(width, height));

    [Fact]
    public void Values_that_are_not_finite_are_seen_anywhere()
    {
        for (int length = 1; length < 40; length++)
        {
            var values = new float[length];
            values.AsSpan().Fill(float.MaxValue);
            Assert.True(OnnxModel.AllFinite(values));
            for (int i = 0; i < length; i++)
            {
                foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    float[] broken = [.. values];
                    broken[i] = bad;
                    Assert.False(OnnxModel.AllFinite(broken));
                }
            }
        }
    }

    private static void Fill(float[] map, int x, int y, int width, int height, float value)
    {
        for (int r = y; r < y + height; r++)
        {
            map.AsSpan((r * 64) + x, width).Fill(value);
        }
    }
}
