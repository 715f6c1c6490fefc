using Microsoft.ML.OnnxRuntime;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>
/// The default picture detectors over ONNX Runtime: NSFW (two networks), faces, age, persons and objects, text.
/// </summary>
/// <remarks>
/// <para>Signals: <see cref="SafetyCategory.Sexual"/> and <see cref="SafetyCategory.SexualSuggestive"/>, always, from the mean of two networks;
/// <see cref="SafetyCategory.PersonPhoto"/> where a photograph shows a person; <see cref="SafetyCategory.ChildPhoto"/> where a face in a photograph
/// is taken for a child's (0.5 or more where a person is confirmed, 0.4 to 0.49 where the object detector sees none);
/// <see cref="SafetyCategory.ChildDrawing"/> where it is drawn.</para>
/// <para>Safe for concurrent callers, except that <see cref="Dispose"/> must not run beside <see cref="Analyze"/>. Files are verified and
/// sessions made at the first picture, or by <see cref="Warm"/>.</para>
/// <para>Not covered: weapons beyond COCO's knife, scissors and baseball bat, gore, drugs, hate symbols. Faces turned away and small
/// figures are missed: no child found does not mean no child.</para>
/// </remarks>
public sealed class OnnxImageAnalyzer : IImageAnalyzer, IDisposable
{
    // The age networks take some 10 ms a face; a crowd beyond this is reported as not checked.
    private const int MaximumFaces = 200;

    // Faces that are looked at in all orientations, strongest first; each takes three more runs of the age network.
    private const int MostTurnedFaces = 4;

    private const int TurnedSide = 1024;
    private const string AgeCheck = "age";

    private readonly NsfwClassifier _nsfw;
    private readonly FaceDetector _faces;
    private readonly AgeEstimator _ages;
    private readonly ObjectDetector _objects;
    private readonly TextReader? _text;
    private bool _disposed;

    private OnnxImageAnalyzer(NsfwClassifier nsfw, FaceDetector faces, AgeEstimator ages, ObjectDetector objects, TextReader? text)
    {
        _nsfw = nsfw;
        _faces = faces;
        _ages = ages;
        _objects = objects;
        _text = text;
        Detectors =
        [
            nsfw.Detector, faces.Detector, ages.Detector, ages.SecondDetector, objects.Detector, .. text?.Detectors ?? [],
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<DetectorVersion> Detectors { get; }

    /// <summary>Reads the manifests of the models; no session is made yet.</summary>
    /// <param name="home">Where the models and the native library are.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="ModelException">A model is missing, its manifest is damaged, or it is not the model this version of the library feeds.</exception>
    public static OnnxImageAnalyzer Load(SafetyHome home, OnnxOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(home);
        options ??= new OnnxOptions();
        return new OnnxImageAnalyzer(
            new NsfwClassifier(home, options),
            new FaceDetector(home, options),
            new AgeEstimator(home, options),
            new ObjectDetector(home, options),
            options.ReadText ? new TextReader(home, options) : null);
    }

    /// <summary>Verifies every file and makes every session, so that the first picture does not wait and a damaged model shows at start-up.</summary>
    /// <exception cref="ModelException">A model or the native library cannot be used.</exception>
    public void Warm()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _nsfw.Warm();
        _faces.Warm();
        _ages.Warm();
        _objects.Warm();
        _text?.Warm();
    }

    /// <inheritdoc/>
    public ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ = image.Pixels; // A picture given back is the caller's fault, not a detector's.
        var failures = new List<CheckFailure>();

        double flatness = PhotoClassifier.Flatness(image);
        NsfwScores? nsfw = Attempt(_nsfw.Detector.Name, failures, () => (NsfwScores?)_nsfw.Classify(image), cancellationToken);
        List<Detection>? objects = Attempt(_objects.Detector.Name, failures, () => _objects.Detect(image), cancellationToken);
        List<Detection>? faceBoxes = Attempt(_faces.Detector.Name, failures, () => _faces.Detect(image), cancellationToken);
        (List<FaceEvidence>? faces, bool agesKnown) = Ages(image, faceBoxes, failures, cancellationToken);
        IReadOnlyList<TextLine> text = ReadText(image, failures, cancellationToken);

        Detection? person = objects is { } found && found.Exists(static d => d.Class == ObjectDetector.PersonClass)
            ? found.Find(static d => d.Class == ObjectDetector.PersonClass)
            : null;
        if (faces is { Count: 0 } && person is not null)
        {
            // Somebody is there without a face: perhaps the picture lies on its side.
            faces = Attempt(_faces.Detector.Name, failures, () => TurnedFaces(image), cancellationToken) ?? faces;
        }

        PersonVerdict verdict = PersonRule.Decide(
            new(flatness, nsfw?.Drawn, faces, agesKnown, objects is null ? null : person?.Score ?? 0));

        return new ImageAnalysis
        {
            Person = verdict.Person,
            Photo = verdict.Photo,
            Signals = Signals(nsfw, faces, person, verdict),
            Faces = faces is null
                ? []
                : [.. faces.Select(static f => new FaceFinding(f.Box, f.Score, f.Age?.Years, f.Age?.Under18))],
            Objects = objects is null
                ? []
                : [.. objects.Select(d => new ObjectFinding(_objects.Labels[d.Class], d.Score, Inside(d.Box, image)))],
            Text = text,
            Failures = failures,
        };
    }

    /// <summary>Frees the sessions. A second call does nothing.</summary>
    public void Dispose()
    {
        _disposed = true;
        _nsfw.Dispose();
        _faces.Dispose();
        _ages.Dispose();
        _objects.Dispose();
        _text?.Dispose();
    }

    /// <summary>Runs a detector and turns its failure into an entry. What the whole call must report passes through.</summary>
    internal static T? Attempt<T>(string check, List<CheckFailure> failures, Func<T?> detector, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return detector();
        }
        catch (Exception e) when (e is not (OperationCanceledException or ModelException or ObjectDisposedException))
        {
            // Only our own and the runtime's messages are known to hold no content.
            string reason = e is InferenceException or OnnxRuntimeException ? e.Message : e.GetType().Name;
            var failure = new CheckFailure(check, CheckFailureKind.Fault, $"The detector {check} failed on this picture: {reason}");
            if (!failures.Contains(failure))
            {
                failures.Add(failure);
            }

            return default;
        }
    }

    private static ImageRegion Inside(BoundingBox box, PixelBuffer image)
    {
        float left = Math.Clamp(box.Left, 0, image.Width);
        float top = Math.Clamp(box.Top, 0, image.Height);
        return new(left, top, Math.Clamp(box.Right, left, image.Width) - left, Math.Clamp(box.Bottom, top, image.Height) - top);
    }

    private (List<FaceEvidence>? Faces, bool AgesKnown) Ages(
        PixelBuffer image, List<Detection>? boxes, List<CheckFailure> failures, CancellationToken cancellationToken)
    {
        if (boxes is null)
        {
            return (null, false);
        }

        int before = failures.Count;
        if (boxes.Count > MaximumFaces)
        {
            failures.Add(new(
                AgeCheck, CheckFailureKind.InvalidInput, $"The picture shows {boxes.Count} faces; the age of at most {MaximumFaces} is estimated."));
        }

        var faces = new List<FaceEvidence>(boxes.Count);
        foreach (Detection face in boxes)
        {
            AgeEstimate? age = failures.Count > before && faces.Count >= MaximumFaces
                ? null
                : Attempt(
                    _ages.Detector.Name, failures, () => _ages.Estimate(image, face.Box, faces.Count < MostTurnedFaces), cancellationToken);
            faces.Add(Evidence(image, face, age));
        }

        return (faces, failures.Count == before);
    }

    // The orientation in which a face is seen best; boxes as in the picture that was given.
    private List<FaceEvidence> TurnedFaces(PixelBuffer image)
    {
        List<FaceEvidence> best = [];
        for (int quarters = 1; quarters <= TurnedPicture.MostTurns; quarters++)
        {
            using PixelBuffer turned = TurnedPicture.Turn(image, new PixelRectangle(0, 0, image.Width, image.Height), quarters, TurnedSide);
            var faces = new List<FaceEvidence>();
            foreach (Detection face in _faces.Detect(turned).Take(MaximumFaces))
            {
                AgeEstimate? age = _ages.Estimate(turned, face.Box);
                faces.Add(Evidence(turned, face, age) with
                {
                    Box = TurnedPicture.Back(face.Box, turned, quarters, image.Width, image.Height).ToRegion(),
                });
            }

            best = faces.Count > 0 && (best.Count == 0 || faces[0].Score > best[0].Score) ? faces : best;
        }

        return best;
    }

    private static FaceEvidence Evidence(PixelBuffer image, Detection face, AgeEstimate? age)
    {
        ImageRegion box = face.Box.ToRegion();
        PixelRectangle around = PixelRectangle.SquareAround(box.X, box.Y, box.Width, box.Height, 1, image.Width, image.Height);
        return new(box, face.Score, age, PhotoClassifier.Flatness(image, around));
    }

    private IReadOnlyList<TextLine> ReadText(PixelBuffer image, List<CheckFailure> failures, CancellationToken cancellationToken)
    {
        if (_text is not { } reader)
        {
            return [];
        }

        string check = reader.Detectors[0].Name;
        (IReadOnlyList<TextLine>? lines, bool incomplete) = Attempt(check, failures, () => reader.Read(image, cancellationToken), cancellationToken);
        if (incomplete)
        {
            failures.Add(new(
                check,
                CheckFailureKind.InvalidInput,
                $"The picture holds more than {TextReader.MaximumRegions} regions of text; the remaining ones were not read."));
        }

        return lines ?? [];
    }

    private List<Signal> Signals(NsfwScores? nsfw, List<FaceEvidence>? faces, Detection? person, PersonVerdict verdict)
    {
        var signals = new List<Signal>();
        if (nsfw is { } scores)
        {
            signals.Add(new(SafetyCategory.Sexual, scores.Explicit, _nsfw.Detector.Name, _nsfw.Detector.Version));
            signals.Add(new(SafetyCategory.SexualSuggestive, scores.Suggestive, _nsfw.Detector.Name, _nsfw.Detector.Version));
        }

        if (verdict.Child is { } child)
        {
            signals.Add(new(child.Category, child.Score, _ages.Detector.Name, _ages.Detector.Version) { Region = child.Region });
        }

        if (verdict.Person is PersonPresence.Adult or PersonPresence.Child)
        {
            // The stronger of both detectors; a present person implies that the object detector saw one.
            FaceEvidence? face = faces is { Count: > 0 } ? faces[0] : null;
            if (face is { } f && f.Score > (person?.Score ?? 0))
            {
                signals.Add(new(SafetyCategory.PersonPhoto, f.Score, _faces.Detector.Name, _faces.Detector.Version) { Region = f.Box });
            }
            else if (person is { } p)
            {
                signals.Add(new(SafetyCategory.PersonPhoto, p.Score, _objects.Detector.Name, _objects.Detector.Version)
                {
                    Region = p.Box.ToRegion(),
                });
            }
        }

        return signals;
    }
}
