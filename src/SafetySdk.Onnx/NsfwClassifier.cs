using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>Probabilities of the five classes of nsfwjs; they sum to one.</summary>
internal readonly record struct NsfwScores(double Drawing, double Hentai, double Neutral, double Porn, double Sexy)
{
    /// <summary>Sexually explicit, photographed or drawn.</summary>
    public double Explicit => Math.Min(1, Porn + Hentai);

    /// <summary>Suggestive but not explicit.</summary>
    public double Suggestive => Sexy;

    /// <summary>How much it looks like a drawing: d of <see cref="PhotoClassifier"/>.</summary>
    public double Drawn => Math.Min(1, Drawing + Hentai);

    /// <summary>The mean of two networks.</summary>
    public static NsfwScores Mean(NsfwScores a, NsfwScores b) => new(
        (a.Drawing + b.Drawing) / 2, (a.Hentai + b.Hentai) / 2, (a.Neutral + b.Neutral) / 2, (a.Porn + b.Porn) / 2, (a.Sexy + b.Sexy) / 2);

    /// <summary>From the softmax output, order Drawing, Hentai, Neutral, Porn, Sexy.</summary>
    public static NsfwScores From(ReadOnlySpan<float> softmax) => new(softmax[0], softmax[1], softmax[2], softmax[3], softmax[4]);
}

/// <summary>
/// The mean of InceptionV3 and MobileNetV2 of nsfwjs, never one alone: each calls some harmless pictures explicit, hardly ever both the same.
/// </summary>
internal sealed class NsfwClassifier : IDisposable
{
    private const int Classes = 5;

    private readonly OnnxModel _inception;
    private readonly OnnxModel _mobileNet;

    public NsfwClassifier(SafetyHome home, OnnxOptions options)
    {
        _inception = OnnxModel.Open(home, TensorRecipe.NsfwInceptionV3, ["dense_3"], options);
        _mobileNet = OnnxModel.Open(home, TensorRecipe.NsfwMobileNetV2, ["dense_3"], options);
        DetectorVersion a = _inception.Detector;
        DetectorVersion b = _mobileNet.Detector;
        Detector = new($"{a.Name}+{b.Name}", a.Version == b.Version ? a.Version : $"{a.Version}+{b.Version}");
    }

    /// <summary>Both models, as one detector.</summary>
    public DetectorVersion Detector { get; }

    /// <summary>The mean of both networks.</summary>
    public NsfwScores Classify(PixelBuffer image)
    {
        (NsfwScores inception, NsfwScores mobileNet) = ClassifyEach(image);
        return NsfwScores.Mean(inception, mobileNet);
    }

    /// <summary>Each network's answer.</summary>
    internal (NsfwScores Inception, NsfwScores MobileNet) ClassifyEach(PixelBuffer image) => (Classify(_inception, image), Classify(_mobileNet, image));

    /// <summary>Makes the sessions now.</summary>
    public void Warm()
    {
        _inception.Warm();
        _mobileNet.Warm();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inception.Dispose();
        _mobileNet.Dispose();
    }

    private static NsfwScores Classify(OnnxModel model, PixelBuffer image)
    {
        using ModelOutputs outputs = model.Run(image);
        return NsfwScores.From(outputs.Values(0, Classes));
    }
}
