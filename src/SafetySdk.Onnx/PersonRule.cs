using SafetySdk.Classification;

namespace SafetySdk.Onnx;

/// <summary>A face as the person rule sees it.</summary>
/// <param name="Box">Where, in pixels.</param>
/// <param name="Score">Detector score, 0 to 1.</param>
/// <param name="Age">What the age networks think; null where the face is too small to judge.</param>
/// <param name="Flatness">Of <see cref="PhotoClassifier"/>, of the face alone; 1 where it was not measured.</param>
internal readonly record struct FaceEvidence(ImageRegion Box, double Score, AgeEstimate? Age, double Flatness = 1);

/// <summary>What the detectors found. A null means that the detector failed, which is not the same as nothing found.</summary>
/// <param name="Flatness">Of <see cref="PhotoClassifier"/>.</param>
/// <param name="Drawn">Drawing + hentai of the mean of both NSFW networks.</param>
/// <param name="Faces">Faces above <see cref="FaceDetector.Threshold"/>.</param>
/// <param name="AgesKnown">Whether the age networks ran on every face large enough.</param>
/// <param name="PersonScore">Score of the strongest person of the object detector; 0 where there is none.</param>
internal readonly record struct PersonFindings(
    double Flatness, double? Drawn, IReadOnlyList<FaceEvidence>? Faces, bool AgesKnown, double? PersonScore);

/// <summary>What follows from the findings.</summary>
/// <param name="Person">Whether a real person is shown.</param>
/// <param name="Photo">How likely the picture is a photograph, 0 to 1.</param>
/// <param name="Child">The strongest child evidence; null where there is none.</param>
internal readonly record struct PersonVerdict(PersonPresence Person, double Photo, ChildEvidence? Child);

/// <summary>A face that is taken for a child's.</summary>
/// <param name="Category"><see cref="SafetyCategory.ChildPhoto"/> in a photograph, else <see cref="SafetyCategory.ChildDrawing"/>.</param>
/// <param name="Score">
/// P(under 18). In a photograph it is at least <see cref="PersonRule.ConfirmedChild"/> where a person is confirmed, and below it, from
/// <see cref="PersonRule.DoubtfulChild"/> on, where the object detector sees none.
/// </param>
/// <param name="Region">The face.</param>
internal readonly record struct ChildEvidence(SafetyCategory Category, double Score, ImageRegion Region);

/// <summary>
/// Combines faces, ages, persons and the photograph score into one answer; a pure function.
/// </summary>
/// <remarks>
/// <para>Person present: (a face above 0.5 and a person score above 0.3) or a person score above 0.5. The second condition removes cat and texture faces.</para>
/// <para>
/// Child: a face above 0.4 whose age counts as under 18, by <see cref="CountsAsChild"/>. On 65 pictures 11 children's faces had P(under 18) from
/// 0.59 and 43 adults' at most 0.32, so one half separates them; between 0.35 and 0.5 nothing was measured, and there a face counts as a
/// child's unless both networks put it at 22 or older. The second network alone never makes a child: it calls two adults children.
/// There were no teenagers among the faces.
/// </para>
/// <para>Drawings show nobody: <see cref="PersonPresence.None"/>; the child evidence is kept, because drawn children count beside sexual content.</para>
/// </remarks>
internal static class PersonRule
{
    /// <summary>A face above this, with a person above <see cref="ConfirmingPerson"/>, is a person.</summary>
    public const double FaceThreshold = 0.5;

    /// <summary>See <see cref="FaceThreshold"/>.</summary>
    public const double ConfirmingPerson = 0.3;

    /// <summary>A person above this needs no face.</summary>
    public const double PersonThreshold = 0.5;

    /// <summary>P(under 18) above this is a child.</summary>
    public const double ChildThreshold = 0.5;

    /// <summary>P(under 18) above this and up to <see cref="ChildThreshold"/> is uncertain: measured adults reach 0.32.</summary>
    public const double UncertainThreshold = 0.35;

    /// <summary>An estimate below this many years may be that of a minor: estimates of 14 to 21 are uncertain.</summary>
    public const double CertainlyAdultYears = 22;

    /// <summary>Least score of a confirmed photograph of a child.</summary>
    public const double ConfirmedChild = 0.5;

    /// <summary>Least and most score of a child's face in a photograph where no person is confirmed: for a person to look at.</summary>
    public const double DoubtfulChild = 0.4;

    private const double MostDoubtfulChild = 0.49;

    /// <summary>Whether an age counts as under 18; a band that straddles 18 does.</summary>
    public static bool CountsAsChild(AgeEstimate age) =>
        age.Under18 > ChildThreshold
        || (age.Under18 > UncertainThreshold && Math.Min(age.Years, age.SecondYears) < CertainlyAdultYears);

    /// <summary>Applies the rule.</summary>
    public static PersonVerdict Decide(PersonFindings findings)
    {
        double photo = PhotoClassifier.Score(findings.Flatness, findings.Drawn);
        double face = 0;
        FaceEvidence? child = null;
        foreach (FaceEvidence f in findings.Faces ?? [])
        {
            face = Math.Max(face, f.Score);
            if (f.Score > FaceThreshold)
            {
                // A photograph on a white page is flat as a whole and a photograph all the same.
                photo = Math.Max(photo, PhotoClassifier.Score(f.Flatness, findings.Drawn));
            }

            if (f.Score > FaceDetector.Threshold && f.Age is { } age && CountsAsChild(age)
                && !(child is { } c && c.Age!.Value.Under18 >= age.Under18))
            {
                child = f;
            }
        }

        bool drawing = photo < PhotoClassifier.PhotoThreshold;
        bool complete = findings is { Drawn: not null, Faces: not null, AgesKnown: true, PersonScore: not null };
        double person = findings.PersonScore ?? 0;
        bool present = (face > FaceThreshold && person > ConfirmingPerson) || person > PersonThreshold;

        // Without the object detector nothing can disconfirm a face.
        bool confirmed = !drawing && (present || findings.PersonScore is null);
        ChildEvidence? evidence = child is { } found ? Evidence(found, drawing, confirmed) : null;
        PersonPresence presence = !complete ? PersonPresence.Unknown
            : drawing || !present ? PersonPresence.None
            : child is null ? PersonPresence.Adult
            : PersonPresence.Child;
        return new(presence, photo, evidence);
    }

    private static ChildEvidence Evidence(FaceEvidence face, bool drawing, bool confirmed)
    {
        // The networks call it drawn, but the face has a photograph's tones: a filter, or a painting. For a person to look at.
        double under18 = face.Age!.Value.Under18;
        bool doubtful = face.Flatness < PhotoClassifier.FlatnessThreshold;
        return drawing && !doubtful
            ? new(SafetyCategory.ChildDrawing, under18, face.Box)
            : new(
                SafetyCategory.ChildPhoto,
                confirmed && !drawing ? Math.Max(ConfirmedChild, under18) : Math.Clamp(under18, DoubtfulChild, MostDoubtfulChild),
                face.Box);
    }
}
