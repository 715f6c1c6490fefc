using SafetySdk.Classification;

namespace SafetySdk.Onnx.Tests;

public sealed class PersonRuleTests
{
    private static readonly ImageRegion Box = new(1, 2, 30, 40);

    // face, P(under 18), person, drawn, flatness -> presence
    [Theory]
    [InlineData(0.0, 0.0, 0.0, 0.0, 0.2, PersonPresence.None)]
    [InlineData(0.9, 0.1, 0.8, 0.0, 0.2, PersonPresence.Adult)]
    [InlineData(0.9, 0.6, 0.8, 0.0, 0.2, PersonPresence.Child)]
    [InlineData(0.9, 0.1, 0.3, 0.0, 0.2, PersonPresence.None)]
    [InlineData(0.9, 0.1, 0.31, 0.0, 0.2, PersonPresence.Adult)]
    [InlineData(0.5, 0.1, 0.4, 0.0, 0.2, PersonPresence.None)]
    [InlineData(0.51, 0.1, 0.4, 0.0, 0.2, PersonPresence.Adult)]
    [InlineData(0.0, 0.0, 0.51, 0.0, 0.2, PersonPresence.Adult)]
    [InlineData(0.0, 0.0, 0.5, 0.0, 0.2, PersonPresence.None)]
    [InlineData(0.41, 0.6, 0.8, 0.0, 0.2, PersonPresence.Child)]
    [InlineData(0.4, 0.6, 0.8, 0.0, 0.2, PersonPresence.Adult)]
    [InlineData(0.9, 0.6, 0.8, 0.69, 0.2, PersonPresence.Child)]
    [InlineData(0.9, 0.6, 0.8, 0.71, 0.2, PersonPresence.None)]
    [InlineData(0.9, 0.6, 0.8, 0.0, 0.64, PersonPresence.Child)]
    [InlineData(0.9, 0.6, 0.8, 0.0, 0.66, PersonPresence.None)]
    public void Presence(double face, double under18, double person, double drawn, double flatness, PersonPresence want) =>
        Assert.Equal(want, PersonRule.Decide(new(flatness, drawn, Faces(face, under18), true, person)).Person);

    [Theory]
    [InlineData(0.51, 60, 60, true)]
    [InlineData(0.5, 30, 30, false)]
    [InlineData(0.5, 21, 40, true)]
    [InlineData(0.36, 40, 21, true)]
    [InlineData(0.36, 22, 22, false)]
    [InlineData(0.35, 10, 10, false)]
    [InlineData(0.32, 7.5, 49.3, false)]
    [InlineData(0.01, 34, 5, false)]
    public void A_band_that_straddles_18_counts_as_child(double under18, double years, double secondYears, bool want) =>
        Assert.Equal(want, PersonRule.CountsAsChild(new(under18, years, secondYears)));

    [Fact]
    public void Any_detector_that_failed_leaves_the_person_unknown()
    {
        PersonFindings whole = new(0.2, 0, Faces(0.9, 0.9), true, 0.9);
        Assert.Equal(PersonPresence.Child, PersonRule.Decide(whole).Person);
        foreach (PersonFindings partial in new[]
        {
            whole with { Drawn = null }, whole with { Faces = null }, whole with { AgesKnown = false }, whole with { PersonScore = null },
        })
        {
            Assert.Equal(PersonPresence.Unknown, PersonRule.Decide(partial).Person);
        }

        // What was found still counts in full.
        Assert.Equal(0.9, PersonRule.Decide(whole with { Drawn = null }).Child!.Value.Score);
        Assert.Equal(0.9, PersonRule.Decide(whole with { PersonScore = null }).Child!.Value.Score);
    }

    [Fact]
    public void A_photographed_child_scores_at_least_one_half()
    {
        ChildEvidence sure = PersonRule.Decide(new(0.2, 0, Faces(0.9, 0.95), true, 0.9)).Child!.Value;
        Assert.Equal(0.95, sure.Score);
        Assert.Equal(Box, sure.Region);
        Assert.Equal(0.5, PersonRule.Decide(new(0.2, 0, Faces(0.9, 0.4), true, 0.9)).Child!.Value.Score);
    }

    [Fact]
    public void A_drawn_child_is_kept_as_evidence_of_its_own()
    {
        PersonVerdict drawn = PersonRule.Decide(new(0.95, 0.9, Faces(0.9, 0.8), true, 0.9));
        Assert.Equal(PersonPresence.None, drawn.Person);
        Assert.Equal(new ChildEvidence(SafetyCategory.ChildDrawing, 0.8, Box), drawn.Child!.Value);
    }

    [Fact]
    public void A_photographed_face_on_a_flat_page_is_a_photograph()
    {
        FaceEvidence face = Faces(0.9, 0.8)[0] with { Flatness = 0.1 };
        PersonVerdict page = PersonRule.Decide(new(0.95, 0.1, [face], true, 0.9));
        Assert.Equal((PersonPresence.Child, SafetyCategory.ChildPhoto), (page.Person, page.Child!.Value.Category));

        // The networks call it drawn: a filter or a painting, for a person to look at.
        PersonVerdict filtered = PersonRule.Decide(new(0.2, 0.9, [face], true, 0.9));
        Assert.Equal(PersonPresence.None, filtered.Person);
        Assert.Equal(new ChildEvidence(SafetyCategory.ChildPhoto, 0.49, Box), filtered.Child!.Value);
    }

    [Theory]
    [InlineData(0.95, 0.49)]
    [InlineData(0.45, 0.45)]
    [InlineData(0.36, 0.4)]
    public void A_childs_face_without_a_person_is_doubtful(double under18, double want)
    {
        PersonVerdict unconfirmed = PersonRule.Decide(new(0.2, 0, Faces(0.9, under18), true, 0.1));
        Assert.Equal(PersonPresence.None, unconfirmed.Person);
        Assert.Equal(new ChildEvidence(SafetyCategory.ChildPhoto, want, Box), unconfirmed.Child!.Value);
    }

    [Fact]
    public void A_face_too_small_to_judge_is_no_child()
    {
        PersonVerdict verdict = PersonRule.Decide(new(0.2, 0, [new(Box, 0.9, null)], true, 0.9));
        Assert.Equal(PersonPresence.Adult, verdict.Person);
        Assert.Null(verdict.Child);
    }

    [Fact]
    public void One_child_among_adults_wins_and_the_order_does_not_matter()
    {
        FaceEvidence adult = new(new(0, 0, 5, 5), 0.95, new(0.05, 40, 40));
        FaceEvidence child = new(Box, 0.6, new(0.7, 8, 9));
        FaceEvidence younger = new(new(9, 9, 9, 9), 0.5, new(0.9, 4, 5));
        PersonVerdict a = PersonRule.Decide(new(0.2, 0, [adult, child, younger], true, 0.9));
        PersonVerdict b = PersonRule.Decide(new(0.2, 0, [younger, child, adult], true, 0.9));
        Assert.Equal(PersonPresence.Child, a.Person);
        Assert.Equal(a, b);
        Assert.Equal(younger.Box, a.Child!.Value.Region);
    }

    private static FaceEvidence[] Faces(double score, double under18) =>
        score == 0 ? [] : [new(Box, score, new(under18, under18 > 0.5 ? 8 : 19, 30))];
}
