using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>NanoDet-g over the 80 classes of COCO. A hint, not a verdict: it sees scissors in a fork and a zebra in a drawn tiger.</summary>
internal sealed class ObjectDetector : IDisposable
{
    /// <summary>Detections from this score on are kept; the person rule wants persons from here on.</summary>
    public const float Threshold = 0.3f;

    /// <summary>Class of persons.</summary>
    public const int PersonClass = 0;

    private const int Classes = 80;
    private const int Bins = 11;
    private const int InputSide = 416;
    private const int CandidateLimit = 1000;
    private const float OverlapThreshold = 0.6f;

    private readonly OnnxModel _model;

    public ObjectDetector(SafetyHome home, OnnxOptions options)
    {
        _model = OnnxModel.Open(
            home, TensorRecipe.ObjectsNanoDet, ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"], options);
        if (_model.Manifest.Labels.Count != Classes || _model.Manifest.Labels[PersonClass] != "person")
        {
            throw new ModelException(
                ModelError.Mismatch,
                _model.Manifest.Name,
                $"The model {_model.Manifest.Name} in {_model.Folder} does not name the {Classes} classes of COCO. Run: {ModelManifest.RestoreCommand}");
        }
    }

    /// <summary>Name and version.</summary>
    public DetectorVersion Detector => _model.Detector;

    /// <summary>Class names.</summary>
    public IReadOnlyList<string> Labels => _model.Manifest.Labels;

    /// <summary>Objects with a score above <see cref="Threshold"/>, strongest first; boxes in pixels, not clipped.</summary>
    public List<Detection> Detect(PixelBuffer image)
    {
        List<Detection> kept = NonMaximumSuppression.Suppress(Candidates(image), OverlapThreshold, CandidateLimit);
        float sx = image.Width / (float)InputSide;
        float sy = image.Height / (float)InputSide;
        for (int i = 0; i < kept.Count; i++)
        {
            BoundingBox b = kept[i].Box;
            kept[i] = kept[i] with { Box = new(b.Left * sx, b.Top * sy, b.Right * sx, b.Bottom * sy) };
        }

        return kept;
    }

    /// <summary>Detections before suppression, boxes in input pixels.</summary>
    internal List<Detection> Candidates(PixelBuffer image)
    {
        using ModelOutputs outputs = _model.Run(image);
        var candidates = new List<Detection>();
        for (int level = 0; level < 3; level++)
        {
            int stride = 8 << level;
            int cells = (InputSide / stride) * (InputSide / stride);
            Decode(outputs.Values(level, cells * Classes), outputs.Values(3 + level, cells * 4 * Bins), stride, candidates);
        }

        return candidates;
    }

    /// <summary>Makes the session now.</summary>
    public void Warm() => _model.Warm();

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    /// <summary>
    /// Decodes one level, n × n cells: per side of the box, the expected value of a distribution over 11 bins of one stride each (generalised
    /// focal loss, Li et al. 2020). Boxes in input pixels; <see cref="Detection.Source"/> = stride × 10,000 + cell.
    /// </summary>
    internal static void Decode(ReadOnlySpan<float> scores, ReadOnlySpan<float> sides, int stride, List<Detection> candidates)
    {
        int n = InputSide / stride;
        Span<float> distance = stackalloc float[4];
        for (int cell = 0; cell < n * n; cell++)
        {
            ReadOnlySpan<float> row = scores.Slice(cell * Classes, Classes);
            bool decoded = false;
            BoundingBox box = default;
            for (int k = 0; k < Classes; k++)
            {
                if (!(row[k] > Threshold))
                {
                    continue;
                }

                if (!decoded)
                {
                    decoded = true;
                    for (int side = 0; side < 4; side++)
                    {
                        distance[side] = stride * Expectation(sides.Slice((cell * 4 * Bins) + (side * Bins), Bins));
                    }

                    float cx = ((cell % n) + 0.5f) * stride;
                    float cy = ((cell / n) + 0.5f) * stride;
                    box = new(cx - distance[0], cy - distance[1], cx + distance[2], cy + distance[3]);
                }

                candidates.Add(new(box, row[k], k, (stride * 10_000) + cell));
            }
        }
    }

    private static float Expectation(ReadOnlySpan<float> logits)
    {
        float greatest = float.NegativeInfinity;
        foreach (float v in logits)
        {
            greatest = Math.Max(greatest, v);
        }

        float sum = 0;
        float weighted = 0;
        for (int b = 0; b < logits.Length; b++)
        {
            float e = MathF.Exp(logits[b] - greatest);
            sum += e;
            weighted += b * e;
        }

        return weighted / sum;
    }
}
