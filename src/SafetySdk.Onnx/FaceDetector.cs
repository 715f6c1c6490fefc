using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>SSD MobileNetV1 of face-api, trained on WIDER FACE. Drawn faces fire too.</summary>
internal sealed class FaceDetector : IDisposable
{
    /// <summary>Faces from this score on are looked at for age; one of two children of a group picture scores 0.485.</summary>
    public const double Threshold = 0.4;

    private const int Anchors = 5118;
    private const float OverlapThreshold = 0.5f;

    private readonly OnnxModel _model;

    public FaceDetector(SafetyHome home, OnnxOptions options) =>
        _model = OnnxModel.Open(home, TensorRecipe.FaceSsd, ["boxes", "scores"], options);

    /// <summary>Name and version.</summary>
    public DetectorVersion Detector => _model.Detector;

    /// <summary>Faces with a score above <see cref="Threshold"/>, strongest first; boxes in pixels, clipped to the picture.</summary>
    public List<Detection> Detect(PixelBuffer image)
    {
        using ModelOutputs outputs = _model.Run(image);
        return Decode(outputs.Values(0, Anchors * 4), outputs.Values(1, Anchors), image.Width, image.Height, (float)Threshold);
    }

    /// <summary>Makes the session now.</summary>
    public void Warm() => _model.Warm();

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    /// <summary>From decoded boxes (ymin, xmin, ymax, xmax as fractions of the padded square) and probabilities to faces.</summary>
    internal static List<Detection> Decode(ReadOnlySpan<float> boxes, ReadOnlySpan<float> scores, int width, int height, float threshold)
    {
        var candidates = new List<Detection>();
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > threshold)
            {
                ReadOnlySpan<float> box = boxes.Slice(i * 4, 4);
                candidates.Add(new(new(box[1], box[0], box[3], box[2]), scores[i], 0, i));
            }
        }

        List<Detection> kept = NonMaximumSuppression.Suppress(candidates, OverlapThreshold, Anchors);
        int side = Math.Max(width, height);
        var faces = new List<Detection>(kept.Count);
        foreach (Detection face in kept)
        {
            BoundingBox b = face.Box;
            var clipped = new BoundingBox(
                Math.Clamp(b.Left, 0, 1) * side,
                Math.Clamp(b.Top, 0, 1) * side,
                Math.Min(Math.Clamp(b.Right, 0, 1) * side, width),
                Math.Min(Math.Clamp(b.Bottom, 0, 1) * side, height));

            // A face wholly in the padding is none.
            if (clipped.Area > 0)
            {
                faces.Add(face with { Box = clipped });
            }
        }

        return faces;
    }
}
