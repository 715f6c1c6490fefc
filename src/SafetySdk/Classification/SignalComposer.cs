namespace SafetySdk.Classification;

/// <summary>
/// Derives signals that no single part of a request shows: sexual content and a minor, a request about a person and a picture of one.
/// Works on scores alone. A composed score is the weaker of its two parts, so both must be strong. Composition is a maximum over all
/// pairs, so the order of pictures never matters.
/// </summary>
public static class SignalComposer
{
    private const string Name = "composer";
    private const string Version = "2";

    private static readonly SafetyCategory[] AskedSexual =
        [SafetyCategory.Sexual, SafetyCategory.SexualRealPerson, SafetyCategory.UndressingIntent];

    // Suggestive words about a real person are not yet sexual ones; rules of a policy may still join the two.
    private static readonly SafetyCategory[] RealPerson =
        [SafetyCategory.PublicFigure, SafetyCategory.PublicFigureMinor, SafetyCategory.NamedPerson, SafetyCategory.OptedOutPerson];

    // Requests that are harmful only about a real person who is shown.
    private static readonly SafetyCategory[] AboutAPerson =
        [SafetyCategory.Identification, SafetyCategory.SensitiveTraits, SafetyCategory.UngroundedInference, SafetyCategory.Geolocation];

    // Requests that are harmful only together with any picture.
    private static readonly SafetyCategory[] AboutAPicture = [SafetyCategory.Captcha, SafetyCategory.MedicalReading, SafetyCategory.TruthJudgement];

    /// <summary>Sexual content and a child within the same pictures and texts.</summary>
    /// <param name="signals">What was seen in parts that belong together.</param>
    /// <returns>A <see cref="SafetyCategory.SexualMinors"/> signal, or nothing.</returns>
    public static IEnumerable<Signal> SexualMinors(IEnumerable<Signal> signals)
    {
        Signal? sexual = null, minor = null;
        foreach (Signal signal in signals)
        {
            switch (signal.Category)
            {
                case SafetyCategory.Sexual or SafetyCategory.SexualRealPerson or SafetyCategory.UndressingIntent:
                    sexual = Stronger(sexual, signal);
                    break;
                case SafetyCategory.ChildPhoto or SafetyCategory.ChildDrawing or SafetyCategory.MinorMention
                    or SafetyCategory.PublicFigureMinor or SafetyCategory.PhotorealChildRequest:
                    minor = Stronger(minor, signal);
                    break;
            }
        }

        return Compose(SafetyCategory.SexualMinors, sexual, minor);
    }

    /// <summary>
    /// What words show together: sexual words and a minor, sexual words and a named person, and a minor in something like a photograph.
    /// </summary>
    /// <param name="text">Signals of texts that belong together.</param>
    public static IEnumerable<Signal> InText(IReadOnlyList<Signal> text)
    {
        Signal? minor = Strongest(text, SafetyCategory.MinorMention, SafetyCategory.PublicFigureMinor);
        return
        [
            .. Compose(SafetyCategory.SexualRealPerson, Strongest(text, AskedSexual), Strongest(text, RealPerson)),
            .. Compose(SafetyCategory.SexualMinors, Strongest(text, SafetyCategory.UndressingIntent), minor),
            .. Compose(SafetyCategory.SexualMinors, Strongest(text, AskedSexual), Strongest(text, SafetyCategory.PublicFigureMinor)),
            .. Compose(SafetyCategory.PhotorealChildRequest, minor, Strongest(text, SafetyCategory.Photorealistic)),
        ];
    }

    /// <summary>A request and the pictures it is about.</summary>
    /// <param name="text">Signals of the prompt and of text in the pictures.</param>
    /// <param name="pictures">Signals of the uploaded pictures.</param>
    /// <param name="hasPictures">Whether there is any picture.</param>
    public static IEnumerable<Signal> RequestAboutPictures(
        IReadOnlyList<Signal> text, IReadOnlyList<Signal> pictures, bool hasPictures)
    {
        Signal? person = Strongest(pictures, SafetyCategory.PersonPhoto, SafetyCategory.ChildPhoto);
        foreach (SafetyCategory category in AboutAPerson)
        {
            foreach (Signal composed in Compose(category, Strongest(text, category), person))
            {
                yield return composed;
            }
        }

        foreach (Signal composed in Compose(SafetyCategory.SexualRealPerson, Strongest(text, AskedSexual), person))
        {
            yield return composed;
        }

        foreach (SafetyCategory category in AboutAPicture)
        {
            if (hasPictures && Strongest(text, category) is { } asked)
            {
                yield return asked with { Detector = $"{Name}:{asked.Detector}", Modality = Modality.Joint };
            }
        }
    }

    private static IEnumerable<Signal> Compose(SafetyCategory category, Signal? a, Signal? b)
    {
        if (a is null || b is null)
        {
            return [];
        }

        return
        [
            new Signal(category, Math.Min(a.Score, b.Score), $"{Name}:{a.Detector}+{b.Detector}", Version)
            {
                Modality = a.Modality == b.Modality ? a.Modality : Modality.Joint,
                Source = a.Source == b.Source ? a.Source : $"{a.Source} and {b.Source}",
                Span = a.Span,
                Region = b.Region ?? a.Region,
            },
        ];
    }

    private static Signal? Strongest(IEnumerable<Signal> signals, params ReadOnlySpan<SafetyCategory> categories)
    {
        Signal? strongest = null;
        foreach (Signal signal in signals)
        {
            foreach (SafetyCategory category in categories)
            {
                strongest = signal.Category == category ? Stronger(strongest, signal) : strongest;
            }
        }

        return strongest;
    }

    // Ties go to the source that sorts first, so that the order of the input leaves no trace.
    private static Signal Stronger(Signal? best, Signal candidate)
    {
        if (best is null || Rank(candidate) > Rank(best))
        {
            return candidate;
        }

        bool tie = Rank(candidate) == Rank(best)
            && string.CompareOrdinal(candidate.Source + candidate.Detector, best.Source + best.Detector) < 0;
        return tie ? candidate : best;

        static double Rank(Signal s) => double.IsNaN(s.Score) ? double.PositiveInfinity : s.Score;
    }
}
