using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>What two networks think of a face's age. An estimate, never a fact about a person.</summary>
/// <param name="Under18">Probability of being under 18, of the main network.</param>
/// <param name="Years">Years, of the main network.</param>
/// <param name="SecondYears">Years, of the second network.</param>
internal readonly record struct AgeEstimate(double Under18, double Years, double SecondYears);

/// <summary>HSE faceres as the main network, face-api's age regressor as the second opinion.</summary>
internal sealed class AgeEstimator : IDisposable
{
    /// <summary>Faces narrower or lower than this, in pixels, get no age.</summary>
    public const double SmallestFace = 12;

    /// <summary>Classes of the main network; class i means i + 1 years.</summary>
    private const int Classes = 100;

    private const int ClassesUnder18 = 18;
    private const int TurnedSide = 256;
    private const int AgeOutput = 2;

    private readonly OnnxModel _faceres;
    private readonly OnnxModel _faceApi;

    public AgeEstimator(SafetyHome home, OnnxOptions options)
    {
        _faceres = OnnxModel.Open(home, TensorRecipe.AgeFaceres, ["gender_pred/Sigmoid", "global_pooling/Mean", "age_pred/Softmax"], options);
        _faceApi = OnnxModel.Open(home, TensorRecipe.AgeFaceApi, ["age", "gender"], options);
    }

    /// <summary>Name and version of the main network.</summary>
    public DetectorVersion Detector => _faceres.Detector;

    /// <summary>Name and version of the second network.</summary>
    public DetectorVersion SecondDetector => _faceApi.Detector;

    /// <summary>Estimates the age of a face; null where it is too small to judge.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="face">The face's box in pixels, inside the picture.</param>
    /// <param name="turned">
    /// Whether to look at the face in the other three orientations too where it is no child's as it is; an answer there counts if it is a
    /// child's. Measured: 60 adults' faces the wrong way up had P(under 18) of at most 0.21, so a turn makes no child of an adult.
    /// </param>
    public AgeEstimate? Estimate(PixelBuffer image, BoundingBox face, bool turned = false)
    {
        ImageRegion box = face.ToRegion();
        if (!(box.Width >= SmallestFace && box.Height >= SmallestFace))
        {
            return null;
        }

        double under18;
        double years;
        PixelRectangle crop = Crop(box, _faceres.Recipe, image);
        using (ModelOutputs outputs = _faceres.Run(image, crop))
        {
            (under18, years) = DecodeClasses(outputs.Values(AgeOutput, Classes));
        }

        for (int quarters = 1; turned && quarters <= TurnedPicture.MostTurns && under18 <= PersonRule.ChildThreshold; quarters++)
        {
            using PixelBuffer other = TurnedPicture.Turn(image, crop, quarters, TurnedSide);
            using ModelOutputs outputs = _faceres.Run(other);
            (double otherUnder18, double otherYears) = DecodeClasses(outputs.Values(AgeOutput, Classes));
            (under18, years) = otherUnder18 > PersonRule.ChildThreshold ? (otherUnder18, otherYears) : (under18, years);
        }

        using ModelOutputs second = _faceApi.Run(image, Crop(box, _faceApi.Recipe, image));
        return new AgeEstimate(under18, years, Math.Clamp(second.Values(0, 1)[0], 0, 120));
    }

    /// <summary>Makes the sessions now.</summary>
    public void Warm()
    {
        _faceres.Warm();
        _faceApi.Warm();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _faceres.Dispose();
        _faceApi.Dispose();
    }

    /// <summary>Probability of being under 18, and 1 + the probability-weighted mean of the two most probable classes.</summary>
    internal static (double Under18, double Years) DecodeClasses(ReadOnlySpan<float> classes)
    {
        double under18 = 0;
        int first = 0;
        int second = -1;
        for (int i = 0; i < classes.Length; i++)
        {
            if (i < ClassesUnder18)
            {
                under18 += classes[i];
            }

            if (i > 0 && classes[i] > classes[first])
            {
                second = first;
                first = i;
            }
            else if (i > 0 && (second < 0 || classes[i] > classes[second]))
            {
                second = i;
            }
        }

        double a = classes[first];
        double b = classes[second];
        if (!(a + b > 0))
        {
            throw new InferenceException("The age network gave no probabilities.");
        }

        return (Math.Clamp(under18, 0, 1), 1 + (((first * a) + (second * b)) / (a + b)));
    }

    private static PixelRectangle Crop(ImageRegion box, TensorRecipe recipe, PixelBuffer image) =>
        PixelRectangle.SquareAround(box.X, box.Y, box.Width, box.Height, recipe.CropScale, image.Width, image.Height);
}
