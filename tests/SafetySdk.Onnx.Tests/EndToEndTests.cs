using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx.Tests;

/// <summary>The detectors on decoded photographs against the reference, without a JPEG decoder.</summary>
public sealed class EndToEndTests
{
    private static readonly OnnxOptions OneThread = new() { IntraOpThreads = 1 };

    public static TheoryData<string> Photographs => ["Family1-Son1", "Family1-Dad1", "faces"];

    [Theory]
    [MemberData(nameof(Photographs))]
    public void Nsfw(string name)
    {
        Need("nsfw-inception-v3", "nsfw-mobilenet-v2");
        using JsonDocument data = GoldenData.Json("endtoend.json");
        JsonElement want = data.RootElement.GetProperty(name).GetProperty("nsfw");
        using PixelBuffer image = GoldenData.Photograph(name);
        using var classifier = new NsfwClassifier(TestEnvironment.Home, OneThread);
        (NsfwScores inception, NsfwScores mobileNet) = classifier.ClassifyEach(image);
        AssertScores(want.GetProperty("inception_v3"), inception);
        AssertScores(want.GetProperty("mobilenet_v2"), mobileNet);
        Assert.Equal(NsfwScores.Mean(inception, mobileNet), classifier.Classify(image));
    }

    [Theory]
    [MemberData(nameof(Photographs))]
    public void Faces_and_ages(string name)
    {
        Need("face-ssd-mobilenet-v1", "age-faceres", "age-faceapi");
        using JsonDocument data = GoldenData.Json("endtoend.json");
        using PixelBuffer image = GoldenData.Photograph(name);
        using var detector = new FaceDetector(TestEnvironment.Home, OneThread);
        using var estimator = new AgeEstimator(TestEnvironment.Home, OneThread);
        List<Detection> faces = detector.Detect(image);
        JsonElement[] want = [.. data.RootElement.GetProperty(name).GetProperty("faces").EnumerateArray()];
        Assert.Equal(want.Select(static f => f.GetProperty("anchor").GetInt32()), faces.Select(static f => f.Source));
        for (int i = 0; i < want.Length; i++)
        {
            Assert.Equal(want[i].GetProperty("score").GetDouble(), faces[i].Score, 1e-3);
            double[] box = [.. want[i].GetProperty("box_xywh").EnumerateArray().Select(static v => v.GetDouble())];
            ImageRegion region = faces[i].Box.ToRegion();
            Assert.Equal(box[0], region.X, 0.05);
            Assert.Equal(box[1], region.Y, 0.05);
            Assert.Equal(box[2], region.Width, 0.05);
            Assert.Equal(box[3], region.Height, 0.05);
            AgeEstimate age = Assert.NotNull(estimator.Estimate(image, faces[i].Box));
            Assert.Equal(want[i].GetProperty("p_under18").GetDouble(), age.Under18, 1e-3);
            Assert.Equal(want[i].GetProperty("age_top2").GetDouble(), age.Years, 0.05);
            Assert.Equal(want[i].GetProperty("age_years").GetDouble(), age.SecondYears, 0.05);
        }
    }

    [Theory]
    [MemberData(nameof(Photographs))]
    public void Persons(string name)
    {
        Need("objects-nanodet");
        using JsonDocument data = GoldenData.Json("endtoend.json");
        using PixelBuffer image = GoldenData.Photograph(name);
        using var detector = new ObjectDetector(TestEnvironment.Home, OneThread);
        List<Detection> persons =
            [.. detector.Candidates(image).Where(static d => d.Class == ObjectDetector.PersonClass).OrderByDescending(static d => d.Score)];
        int i = 0;
        foreach (JsonElement want in data.RootElement.GetProperty(name).GetProperty("nanodet_person_top8_before_nms").EnumerateArray())
        {
            Assert.Equal((want.GetProperty("stride").GetInt32() * 10_000) + want.GetProperty("cell").GetInt32(), persons[i].Source);
            Assert.Equal(want.GetProperty("score").GetDouble(), persons[i].Score, 1e-3);
            double[] box = [.. want.GetProperty("box_416_xyxy").EnumerateArray().Select(static v => v.GetDouble())];
            Assert.Equal(box[0], persons[i].Box.Left, 0.05);
            Assert.Equal(box[1], persons[i].Box.Top, 0.05);
            Assert.Equal(box[2], persons[i].Box.Right, 0.05);
            Assert.Equal(box[3], persons[i].Box.Bottom, 0.05);
            i++;
        }

        Assert.Equal(8, i);
    }

    [Theory]
    [InlineData("det", "ocr-detection")]
    [InlineData("rec", "ocr-recognition")]
    [InlineData("cls", "ocr-direction")]
    public void Text_networks_answer_like_the_reference(string network, string model)
    {
        Need(model);
        using JsonDocument data = GoldenData.Json("pp_ocr_v4.json");
        int cases = 0;
        foreach (JsonElement c in data.RootElement.GetProperty("cases").EnumerateArray())
        {
            if (c.GetProperty("network").GetString() != network)
            {
                continue;
            }

            cases++;
            int width = c.GetProperty("w").GetInt32();
            int height = c.GetProperty("h").GetInt32();
            JsonElement output = c.GetProperty("outputs")[0];
            TensorRecipe stated = TensorRecipe.Find(model)!;
            using OnnxModel session = OnnxModel.Open(TestEnvironment.Home, stated, [output.GetProperty("name").GetString()!], OneThread);

            // The formulas know no channel swap.
            TensorRecipe recipe = stated with { Width = width, Height = height, Order = ChannelOrder.Rgb };
            using PixelBuffer image = GoldenData.Formula(c.GetProperty("formula").GetString()!, c.GetProperty("p").GetUInt32(), width, height);
            using var input = new TensorBuffer(recipe.ElementCount);
            ImageTensor.Write(image, recipe, input.Span);
            GoldenData.AssertSummary(c.GetProperty("input"), input.Span, 1e-4, "input");
            using ModelOutputs outputs = session.Run(input, OnnxModel.Shape(recipe, 1));
            GoldenData.AssertSummary(output, outputs.Values(0), 1e-4, "output");
        }

        Assert.True(cases > 0);
    }

    [Theory]
    [InlineData("Family1-Son1", PersonPresence.Child)]
    [InlineData("Family1-Dad1", PersonPresence.Adult)]
    [InlineData("faces", PersonPresence.Child)]
    public void The_whole_analysis(string name, PersonPresence person)
    {
        NeedAll();
        using PixelBuffer image = GoldenData.Photograph(name);
        using OnnxImageAnalyzer analyzer = OnnxImageAnalyzer.Load(TestEnvironment.Home, OneThread);
        ImageAnalysis analysis = analyzer.Analyze(image, TestContext.Current.CancellationToken);
        Assert.Equal(person, analysis.Person);
        Assert.Empty(analysis.Failures);
        Assert.InRange(analysis.Photo, 0.8, 1);
        Assert.NotEmpty(analysis.Faces);
        Assert.Contains(analysis.Objects, static o => o.Label == "person");
        Assert.InRange(Signal(SafetyCategory.Sexual).Score, 0, 0.5);
        Assert.InRange(Signal(SafetyCategory.SexualSuggestive).Score, 0, 0.5);
        Assert.NotNull(Signal(SafetyCategory.PersonPhoto).Region);
        Assert.Equal(person == PersonPresence.Child, analysis.Signals.Any(static s => s.Category == SafetyCategory.ChildPhoto && s.Score >= 0.5));
        Assert.All(analysis.Signals, s => Assert.Contains(new DetectorVersion(s.Detector, s.Version), analyzer.Detectors));

        Signal Signal(SafetyCategory category) => Assert.Single(analysis.Signals, s => s.Category == category);
    }

    [Fact]
    public async Task Concurrent_callers_get_the_same_answer()
    {
        NeedAll();
        using PixelBuffer image = GoldenData.Photograph("faces");
        using PixelBuffer other = GoldenData.Photograph("Family1-Son1");
        using OnnxImageAnalyzer analyzer = OnnxImageAnalyzer.Load(TestEnvironment.Home, OneThread);
        CancellationToken token = TestContext.Current.CancellationToken;
        string a = Describe(analyzer.Analyze(image, token));
        string b = Describe(analyzer.Analyze(other, token));
        Assert.NotEqual(a, b);
        string[] answers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => Task.Run(() => Describe(analyzer.Analyze(i % 2 == 0 ? image : other, token)), token)));
        for (int i = 0; i < answers.Length; i++)
        {
            Assert.Equal(i % 2 == 0 ? a : b, answers[i]);
        }

        static string Describe(ImageAnalysis x) => string.Join(
            ';',
            x.Signals.Select(static s => s.ToString()).Concat(x.Faces.Select(static f => f.ToString()))
                .Concat(x.Objects.Select(static o => o.ToString())).Append($"{x.Person} {x.Photo:R} {x.Failures.Count} {x.Text.Count}"));
    }

    [Fact]
    public void Cancellation_is_seen_and_disposal_refused()
    {
        NeedAll();
        using PixelBuffer image = GoldenData.Formula("noise", 1, 8, 8);
        OnnxImageAnalyzer analyzer = OnnxImageAnalyzer.Load(TestEnvironment.Home, OneThread);
        Assert.Throws<OperationCanceledException>(() => analyzer.Analyze(image, new CancellationToken(canceled: true)));
        analyzer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => analyzer.Analyze(image, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 700)]
    [InlineData(900, 2)]
    public void Extreme_shapes_are_analysed(int width, int height)
    {
        NeedAll();
        using PixelBuffer image = GoldenData.Formula("noise", 3, width, height);
        using OnnxImageAnalyzer analyzer = OnnxImageAnalyzer.Load(TestEnvironment.Home, OneThread);
        ImageAnalysis analysis = analyzer.Analyze(image, TestContext.Current.CancellationToken);
        Assert.Empty(analysis.Failures);
        Assert.NotEqual(PersonPresence.Unknown, analysis.Person);
    }

    private static void Need(params string[] models)
    {
        foreach (string model in models)
        {
            TestEnvironment.Model(model);
        }
    }

    private static void NeedAll() => Need([.. TensorRecipe.All.Select(static recipe => recipe.Name)]);

    private static void AssertScores(JsonElement want, NsfwScores got)
    {
        double[] values = [got.Drawing, got.Hentai, got.Neutral, got.Porn, got.Sexy];
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(want[i].GetDouble(), values[i], 1e-3);
        }
    }
}
