using System.Text.Json;
using System.Text.RegularExpressions;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts;
using SafetySdk.Tests.Pipeline;
using static SafetySdk.Classification.SafetyCategory;
using static SafetySdk.Policies.Decision;

namespace SafetySdk.Tests.Policies;

/// <summary>The requirement rows that a policy answers for, each under its number.</summary>
public sealed partial class RequirementRowTests
{
    private static readonly string[] Rows =
        ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "R24", "R25", "R29", "R30", "R31", "R32", "R33"];

    [Fact]
    public void Every_row_has_a_test()
        => Assert.Equal(
            Rows.Order(StringComparer.Ordinal),
            typeof(RequirementRowTests).GetMethods().Select(m => Row().Match(m.Name)).Where(m => m.Success).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void R1_every_stage_judges_and_the_strictest_wins()
    {
        var parts = new FakeParts();
        parts.Analyses[1] = FakeParts.Picture(PersonPresence.None, FakeParts.Seen(Sexual, 0.47));
        parts.Texts["bad"] = [FakeParts.Seen(Illicit)];
        Verdict text = parts.Pipeline().Check(new SafetyRequest { Prompt = "bad" });
        Verdict picture = parts.Pipeline().Check(new SafetyRequest { Images = [new byte[] { 1 }] });
        Verdict both = parts.Pipeline().Check(new SafetyRequest { Prompt = "bad", Images = [new byte[] { 1 }] });
        Assert.Equal((Block, Review, Block), (text.Decision, picture.Decision, both.Decision));
        Assert.Equal([Stage.Account, Stage.Upload, Stage.Prompt, Stage.Joint, Stage.Output], both.Stages.Select(s => s.Stage));
        Assert.Equal(Review, both.Stages[1].Decision);
    }

    [Fact]
    public void R2_known_content_blocks_reports_and_suspends_under_every_policy()
    {
        foreach (SafetyPolicy policy in AllPolicies())
        {
            PolicyOutcome outcome = PolicyEngine.Evaluate(policy, Ask(Stage.Upload, Seen(KnownContent, 1), everyContext: true));
            Assert.Equal(Block, outcome.Decision);
            Assert.Equal([RequiredAction.ReportToNcmec, RequiredAction.SuspendAccount, RequiredAction.PreserveEvidence], outcome.Actions);
        }
    }

    [Theory]
    [InlineData(0.9, 0.9, 0, 0, Block)] // a picture shows both
    [InlineData(0.9, 0, 0, 0.9, Block)] // the picture is sexual, the text speaks of a minor
    [InlineData(0, 0.9, 0.9, 0, Block)] // the picture shows a child, the text is sexual
    [InlineData(0.5, 0.5, 0, 0, Block)]
    [InlineData(0.46, 0.9, 0, 0, Review)]
    [InlineData(0.3, 0.9, 0, 0, Allow)]
    [InlineData(0, 0.9, 0, 0.9, Allow)] // a child is no harm
    public void R3_sexual_and_minor_compose_over_picture_and_text(
        double pictureSexual, double pictureChild, double textSexual, double textMinor, Decision expected)
    {
        var parts = new FakeParts();
        parts.Analyses[1] = FakeParts.Picture(PersonPresence.Child, [.. Of((Sexual, pictureSexual), (ChildPhoto, pictureChild))]);
        parts.Texts["words"] = [.. Of((Sexual, textSexual), (MinorMention, textMinor))];
        Verdict verdict = parts.Pipeline().Check(new SafetyRequest { Prompt = "words", Images = [new byte[] { 1 }] });
        Assert.Equal(expected == Block, verdict.Reasons.Any(r => r.Rule == "floor-sexual-minors"));
        Assert.Equal(expected >= Review, verdict.Reasons.Any(r => r.Category == SexualMinors && r.Decision >= Review));
        Assert.True(verdict.Decision >= expected);
    }

    [Fact]
    public void R3_words_alone_block_and_no_context_helps()
    {
        foreach (SafetyPolicy policy in AllPolicies())
        {
            Assert.Equal(Block, PolicyEngine.Evaluate(policy, Ask(Stage.Prompt, Seen(SexualMinors, 0.5), everyContext: true)).Decision);
        }
    }

    [Theory]
    [InlineData(0.9, 0.9, Block)] // child and adult: child
    [InlineData(0.9, 0.45, Review)] // borderline counts as child
    [InlineData(0.9, 0.0, Allow)]
    public void R4_a_child_beside_an_adult_is_a_child(double adult, double child, Decision expected)
        => Assert.Equal(expected, Decide("balanced", Stage.Upload, Operation.Edit, AgeBand.Adult, [.. Of((PersonPhoto, adult), (ChildPhoto, child))]));

    [Fact]
    public void R5_a_childs_photograph_is_never_edited_and_generation_is_under_the_stricter_rules()
    {
        foreach (SafetyPolicy policy in AllPolicies())
        {
            foreach (AgeBand age in Enum.GetValues<AgeBand>())
            {
                Assert.Equal(Block, Decide(policy, Stage.Upload, Operation.Edit, age, Seen(ChildPhoto)));
            }
        }

        // Generation: allowed with advice in balanced and creative, not at all in strict.
        Assert.Equal(Allow, Decide("balanced", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(ChildPhoto)));
        Assert.Equal(Allow, Decide("creative", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(ChildPhoto)));
        Assert.Equal(Block, Decide("strict", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(ChildPhoto)));
        Assert.Equal(Block, Decide("strict", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(PhotorealChildRequest)));
        Assert.Equal([Advisory.MinorSafeguards], PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Output, Seen(ChildPhoto))).Advice);

        // What a child in the picture makes stricter, for an adult.
        foreach ((SafetyCategory category, double score) in new[] { (GraphicViolence, 0.6), (Violence, 0.75), (SexualSuggestive, 0.65), (Sexual, 0.46) })
        {
            Decision alone = Decide("balanced", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(category, score));
            Decision withChild = Decide("balanced", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(category, score), Seen(ChildPhoto));
            Assert.True(withChild > alone, $"{category}: {alone}, with a child {withChild}");
            Assert.Equal(alone, Decide("balanced", Stage.Output, Operation.Understand, AgeBand.Adult, Seen(category, score), Seen(ChildPhoto)));
        }
    }

    [Theory]
    [InlineData(SelfHarm, 0.42, Allow, Block)]
    [InlineData(SelfHarmPromotion, 0.35, Allow, Block)]
    [InlineData(SelfHarmInstructions, 0.35, Allow, Block)]
    [InlineData(Extremism, 0.42, Allow, Block)]
    [InlineData(SexualSuggestive, 0.85, Allow, Review)]
    [InlineData(GraphicViolence, 0.6, Review, Block)]
    [InlineData(Violence, 0.75, Allow, Review)]
    [InlineData(HateSymbol, 0.6, Review, Block)]
    public void R6_under_18_is_stricter_and_under_13_denied(SafetyCategory category, double score, Decision adult, Decision teen)
    {
        Assert.Equal(adult, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(category, score)));
        Assert.Equal(teen, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Teen, Seen(category, score)));
        Assert.Equal(adult, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Unknown, Seen(category, score))); // the host's default
        Assert.Equal(Block, new FakeParts().Pipeline().Check(new SafetyRequest { Prompt = "x", Age = AgeBand.Under13 }).Decision);
        Assert.All(AllPolicies(), p => Assert.Equal(Block, Decide(p, Stage.Output, Operation.Understand, AgeBand.Under13))); // a stage alone
    }

    [Fact]
    public void R7_a_real_person_makes_sexual_content_worse()
    {
        var parts = new FakeParts();
        parts.Analyses[1] = FakeParts.Picture(PersonPresence.Adult, FakeParts.Seen(PersonPhoto));
        parts.Analyses[2] = FakeParts.Picture(PersonPresence.Adult, FakeParts.Seen(Sexual, 0.42));
        parts.Texts["undress"] = [FakeParts.Seen(UndressingIntent)];
        parts.Texts["name"] = [FakeParts.Seen(PublicFigure)];
        parts.Texts["flirty"] = [FakeParts.Seen(SexualSuggestive, 0.75)];
        SafetyPipeline pipeline = parts.Pipeline();
        Assert.Equal(Allow, pipeline.Check(new SafetyRequest { Prompt = "undress" }).Decision);
        Verdict upload = pipeline.Check(new SafetyRequest { Prompt = "undress", Images = [new byte[] { 1 }], Operation = Operation.Edit });
        Assert.Contains(upload.Reasons, r => r is { Rule: "sexual-real-person", Stage: Stage.Joint });
        Assert.Equal(Allow, pipeline.Check(new SafetyRequest { Prompt = "x", OutputImages = [new byte[] { 2 }] }).Decision);
        Verdict named = pipeline.Check(new SafetyRequest { Prompt = "name", OutputImages = [new byte[] { 2 }] });
        Assert.Contains(named.Reasons, r => r is { Rule: "sexual-real-person-picture", Decision: Block });
        Assert.Equal(Allow, pipeline.Check(new SafetyRequest { Prompt = "flirty" }).Decision);
        Assert.Equal(Review, pipeline.Check(new SafetyRequest { Prompt = "flirty", Images = [new byte[] { 1 }], Operation = Operation.Edit }).Decision);
    }

    [Theory]
    [InlineData(false, null, AgeBand.Adult, Review)]
    [InlineData(false, SafetyContext.Artistic, AgeBand.Adult, Allow)]
    [InlineData(false, SafetyContext.News, AgeBand.Adult, Allow)]
    [InlineData(true, null, AgeBand.Adult, Block)]
    [InlineData(true, SafetyContext.Medical, AgeBand.Adult, Review)]
    [InlineData(true, SafetyContext.Historical, AgeBand.Adult, Review)]
    [InlineData(false, SafetyContext.Artistic, AgeBand.Teen, Block)]
    public void R8_gore_depends_on_realism_context_and_age(bool real, SafetyContext? context, AgeBand age, Decision expected)
    {
        Signal[] signals = real ? [Seen(GraphicViolence), Seen(Photorealistic)] : [Seen(GraphicViolence)];
        PolicyOutcome outcome = PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), new PolicyQuery
        {
            Stage = Stage.Prompt,
            Age = age,
            Signals = signals,
            Contexts = context is { } c ? [new ContextFinding(c, 1, "host")] : [],
        });
        Assert.Equal(expected, outcome.Decision);
        Assert.Equal(Allow, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(Violence)));
    }

    [Fact]
    public void R9_promotion_instruction_intent_and_depiction_are_apart_and_offer_help_by_locale()
    {
        string[] rules =
        [
            .. new[] { SelfHarm, SelfHarmPromotion, SelfHarmInstructions, SelfHarmIntent }.Select(c =>
            {
                PolicyOutcome outcome = PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Prompt, Seen(c)));
                Assert.Equal(Block, outcome.Decision);
                Assert.Contains(RequiredAction.OfferHelp, outcome.Actions);
                return Assert.Single(outcome.Reasons).Rule;
            }),
        ];
        Assert.Equal(4, rules.Distinct().Count());
        Assert.Equal(Review, PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Prompt, Seen(SelfHarm), everyContext: true)).Decision);
        Assert.Equal(Block, PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Prompt, Seen(SelfHarmPromotion), everyContext: true)).Decision);

        var parts = new FakeParts();
        parts.Texts["sad"] = [FakeParts.Seen(SelfHarmIntent)];
        Verdict german = parts.Pipeline().Check(new SafetyRequest { Prompt = "sad", Locale = "de-AT" });
        Assert.Equal(("142", RefusalCode.SelfHarm), (german.Help!.Contact, german.Refusal));
        Assert.Equal(HelpResource.Anyone, parts.Pipeline().Check(new SafetyRequest { Prompt = "sad" }).Help!.Locale);
        Assert.Null(parts.Pipeline().Check(new SafetyRequest { Prompt = "x" }).Help);
    }

    [Theory]
    [InlineData(null, null, AgeBand.Adult, Review)] // neutral: a person looks
    [InlineData(null, SafetyContext.Educational, AgeBand.Adult, Allow)]
    [InlineData(null, SafetyContext.News, AgeBand.Adult, Allow)]
    [InlineData(null, SafetyContext.Historical, AgeBand.Teen, Allow)] // a school book
    [InlineData(null, null, AgeBand.Teen, Block)]
    [InlineData(HatePraise, null, AgeBand.Adult, Block)]
    [InlineData(HatePraise, SafetyContext.Educational, AgeBand.Adult, Block)] // praise is praise
    public void R10_a_symbol_is_judged_by_its_stance(SafetyCategory? stance, SafetyContext? context, AgeBand age, Decision expected)
    {
        Signal[] signals = stance is { } s ? [Seen(HateSymbol), Seen(s)] : [Seen(HateSymbol)];
        Assert.Equal(expected, PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), new PolicyQuery
        {
            Stage = Stage.Prompt,
            Age = age,
            Signals = signals,
            Contexts = context is { } c ? [new ContextFinding(c, 1, "host")] : [],
        }).Decision);
        Assert.Equal(Block, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(Extremism)));
    }

    [Fact]
    public void R10_symbol_and_praise_meet_across_picture_and_prompt()
    {
        var parts = new FakeParts();
        parts.Analyses[1] = FakeParts.Picture(PersonPresence.None, FakeParts.Seen(HateSymbol, 0.45));
        parts.Texts["glory"] = [FakeParts.Seen(HatePraise, 0.45)];
        Assert.Equal(Allow, parts.Pipeline().Check(new SafetyRequest { Images = [new byte[] { 1 }], Prompt = "x" }).Decision);
        Assert.Equal(Allow, parts.Pipeline().Check(new SafetyRequest { Prompt = "glory" }).Decision);
        Verdict both = parts.Pipeline().Check(new SafetyRequest { Images = [new byte[] { 1 }], Prompt = "glory" });
        Assert.Equal("hate-symbol-praised", Assert.Single(both.Reasons).Rule);
    }

    [Theory]
    [InlineData(Illicit)]
    [InlineData(Weapons)]
    [InlineData(MassCasualtyWeapons)]
    public void R11_instruction_is_blocked_typed_or_written_into_a_picture_in_every_context(SafetyCategory category)
    {
        foreach (Stage stage in new[] { Stage.Prompt, Stage.Joint, Stage.Output })
        {
            foreach (string name in SafetyPolicy.BuiltInNames)
            {
                PolicyOutcome outcome = PolicyEngine.Evaluate(
                    SafetyPolicy.BuiltIn(name), Ask(stage, Seen(category) with { Modality = Modality.Text }, everyContext: true));
                Assert.Equal(Block, outcome.Decision);
            }
        }

        Assert.Equal(Block, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(MassCasualtyWeapons, 0.4)));
    }

    [Fact]
    public void R12_harassment_goes_to_the_review_queue_and_a_real_person_weighs_more()
    {
        Assert.Equal(Review, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(Harassment, 0.65)));
        Assert.Equal(Block, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(Harassment, 0.65), Seen(PublicFigure)));
        Assert.Equal(Block, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(Harassment, 0.85)));
    }

    [Theory]
    [InlineData("a city street in the style of Banksy", Operation.Generate, Transform)]
    [InlineData("a cover for a book about Banksy", Operation.Generate, Allow)]
    [InlineData("a city street in the style of Vermeer", Operation.Generate, Allow)]
    [InlineData("explain the style of Banksy", Operation.Understand, Allow)]
    public void R13_the_style_of_a_living_artist_is_rewritten(string prompt, Operation operation, Decision expected)
    {
        var pipeline = new SafetyPipeline(new SafetyPipelineParts
        {
            Policy = SafetyPolicy.BuiltIn("balanced"),
            PromptClassifiers = [new RulePromptClassifier()],
        });
        Verdict verdict = pipeline.Check(new SafetyRequest { Prompt = prompt, Operation = operation });
        Assert.Equal(expected, verdict.Decision);
        Assert.Equal(expected == Transform, verdict.Actions.Contains(RequiredAction.TransformPrompt));
        Assert.Equal(Block, Decide("strict", Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(ArtistStyle)));
    }

    [Fact]
    public void R14_adult_figures_are_allowed_with_safeguards_minors_and_opted_out_people_are_not()
    {
        PolicyOutcome adult = PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Prompt, Seen(PublicFigure)));
        Assert.Equal((Allow, Advisory.RealPersonSafeguards), (adult.Decision, Assert.Single(adult.Advice)));
        foreach (string name in SafetyPolicy.BuiltInNames)
        {
            foreach (Operation operation in new[] { Operation.Generate, Operation.Edit })
            {
                Assert.Equal(Block, Decide(name, Stage.Prompt, operation, AgeBand.Adult, Seen(PublicFigureMinor)));
                Assert.Equal(Block, Decide(name, Stage.Prompt, operation, AgeBand.Adult, Seen(OptedOutPerson)));
            }

            Assert.Equal(Block, Decide(name, Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(PublicFigure), Seen(Violence)));
            Assert.Equal(Block, Decide(name, Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(PublicFigure), Seen(Harassment)));
        }

        Assert.Equal(Allow, Decide("balanced", Stage.Prompt, Operation.Understand, AgeBand.Adult, Seen(PublicFigureMinor)));
        Signal composed = Assert.Single(SignalComposer.InText([Seen(Sexual, 0.8), Seen(PublicFigureMinor)]), s => s.Category == SexualMinors);
        Assert.Equal(0.8, composed.Score);
    }

    [Theory]
    [InlineData(DeceptiveDocument, null, Block, Review)]
    [InlineData(PoliticalDeception, null, Block, Review)]
    [InlineData(Misinformation, null, Review, Review)]
    [InlineData(Misinformation, SurveillanceStyle, Block, Review)]
    [InlineData(Misinformation, PublicFigure, Block, Review)]
    public void R15_forged_documents_and_political_deception(SafetyCategory category, SafetyCategory? with, Decision expected, Decision inContext)
    {
        Signal[] signals = with is { } w ? [Seen(category), Seen(w)] : [Seen(category)];
        PolicyQuery satire = new() { Stage = Stage.Prompt, Age = AgeBand.Adult, Signals = signals, Contexts = [new ContextFinding(SafetyContext.Artistic, 1, "host")] };
        Assert.Equal(expected, Decide("balanced", Stage.Prompt, Operation.Generate, AgeBand.Adult, signals));
        Assert.Equal(inContext, PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), satire).Decision);
    }

    [Fact]
    public void R24_the_order_of_pictures_leaves_no_trace()
    {
        var parts = new FakeParts();
        parts.Analyses[1] = FakeParts.Picture(PersonPresence.Adult, FakeParts.Seen(PersonPhoto), FakeParts.Seen(HateSymbol, 0.6));
        parts.Analyses[2] = FakeParts.Picture(PersonPresence.Child, FakeParts.Seen(ChildPhoto), FakeParts.Seen(SexualSuggestive, 0.7));
        parts.Analyses[3] = FakeParts.Picture(PersonPresence.None, FakeParts.Seen(GraphicViolence, 0.6));
        parts.Texts["x"] = [FakeParts.Seen(HatePraise, 0.5), FakeParts.Seen(MinorMention)];
        byte[][] orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
        string[] verdicts =
        [
            .. orders.Select(o => parts.Pipeline().Check(new SafetyRequest { Prompt = "x", Images = [.. o.Select(i => (ReadOnlyMemory<byte>)new[] { i })] }))
                .Select(v => $"{v.Decision} {string.Join(' ', v.Reasons.Select(r => $"{r.Rule}/{r.Stage}/{r.Score}").Order())} {string.Join(' ', v.Advice.Order())}"),
        ];
        Assert.Single(verdicts.Distinct());
    }

    [Theory]
    [InlineData(MedicalReading, Review, Advisory.NotForMedicalUse)]
    [InlineData(TruthJudgement, Allow, Advisory.NotForTruth)]
    public void R25_what_a_picture_cannot_tell_comes_with_a_warning(SafetyCategory category, Decision expected, Advisory advisory)
    {
        PolicyOutcome outcome = PolicyEngine.Evaluate(SafetyPolicy.BuiltIn("balanced"), Ask(Stage.Joint, Seen(category), Operation.Understand));
        Assert.Equal(expected, outcome.Decision);
        Assert.Contains(advisory, outcome.Advice);
        Assert.Equal(Allow, Decide("creative", Stage.Joint, Operation.Understand, AgeBand.Adult, Seen(MedicalReading)));
        Assert.Equal(Block, Decide("strict", Stage.Joint, Operation.Understand, AgeBand.Adult, Seen(MedicalReading)));
        // Doubt goes to a person.
        Assert.Equal(Review, Decide("balanced", Stage.Output, Operation.Generate, AgeBand.Adult, Seen(Sexual, 0.47)));
    }

    [Fact]
    public void R29_a_verdict_holds_what_an_audit_record_needs_and_no_content()
    {
        const string Secret = "xyzzy words of a user";
        var parts = new FakeParts();
        parts.Texts[Secret] = [FakeParts.Seen(HateSymbol, 0.9)];
        Verdict verdict = parts.Pipeline().Check(new SafetyRequest { Prompt = Secret, AccountId = Secret, Contexts = [SafetyContext.News] });
        JsonElement json = JsonDocument.Parse(verdict.ToJson()).RootElement;
        JsonElement reason = json.GetProperty("reasons")[0];
        Assert.Equal("news", reason.GetProperty("softenedBy").GetString());
        foreach (string member in new[] { "rule", "category", "stage", "decision", "score", "threshold", "detector", "version" })
        {
            Assert.True(reason.TryGetProperty(member, out _), member);
        }

        foreach (string member in new[] { "decision", "reasons", "actions", "advice", "policy", "stages", "failures", "detectors", "id" })
        {
            Assert.True(json.TryGetProperty(member, out _), member);
        }

        Assert.Equal(SafetyPolicy.BuiltIn("balanced").Digest, json.GetProperty("policy").GetProperty("digest").GetString());
        Assert.DoesNotContain(Secret, verdict.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void R30_three_profiles_differ_by_category_kind_of_input_and_age()
    {
        Assert.Equal(["balanced", "creative", "strict"], SafetyPolicy.BuiltInNames);
        Assert.Equal(3, SafetyPolicy.BuiltInNames.Select(n => SafetyPolicy.BuiltIn(n).Digest).Distinct().Count());
        Assert.Equal(
            [Block, Review, Allow],
            new[] { "strict", "balanced", "creative" }.Select(n => Decide(n, Stage.Prompt, Operation.Generate, AgeBand.Adult, Seen(GraphicViolence, 0.6))));
        Assert.Equal(Allow, Decide("balanced", Stage.Upload, Operation.Edit, AgeBand.Adult, Seen(SexualSuggestive, 0.75) with { Modality = Modality.Image }, Seen(PersonPhoto)));
        Assert.Equal(Review, Decide("balanced", Stage.Prompt, Operation.Edit, AgeBand.Adult, Seen(SexualSuggestive, 0.75) with { Modality = Modality.Text }, Seen(PersonPhoto)));
        Assert.Equal(AgeBand.Teen, SafetyPolicy.BuiltIn("strict").UnknownAge);
    }

    [Fact]
    public void R31_a_verdict_can_be_named_in_an_appeal()
    {
        Verdict[] verdicts = [.. Enumerable.Range(0, 3).Select(_ => new FakeParts().Pipeline().Check(new SafetyRequest { Prompt = "x" }))];
        Assert.Equal(3, verdicts.Select(v => v.Id).Distinct().Count());
        Assert.All(verdicts, v => Assert.Equal(SafetyPolicy.BuiltIn("balanced").Digest, v.PolicyDigest));
    }

    [Fact]
    public void R32_a_refusal_is_short_neutral_translated_and_gives_no_rule_away()
    {
        string[] forbidden = [.. SafetyCategories.All.Select(c => c.Name()), .. SafetyPolicy.BuiltIn("strict").Rules.Select(r => r.Id), "policy", "rule", "should"];
        foreach (RefusalCode code in Enum.GetValues<RefusalCode>())
        {
            foreach (Decision decision in new[] { NotChecked, Review, Transform, Block })
            {
                string english = Refusals.Text(decision, code);
                foreach (string language in Refusals.Languages)
                {
                    string text = Refusals.Text(decision, code, $"{language}-XX");
                    Assert.InRange(text.Length, 5, 125);
                    Assert.DoesNotContain(forbidden, f => text.Contains(f, StringComparison.OrdinalIgnoreCase));
                    Assert.Equal(language == "en", text == english);
                }

                Assert.Equal(english, Refusals.Text(decision, code, "tlh"));
            }
        }

        var parts = new FakeParts();
        parts.Texts["x"] = [FakeParts.Seen(Weapons)];
        Assert.Equal(RefusalCode.Wrongdoing, parts.Pipeline().Check(new SafetyRequest { Prompt = "x" }).Refusal);
        Assert.Null(parts.Pipeline().Check(new SafetyRequest { Prompt = "y" }).Refusal);
        parts.ClassifierFault = new InvalidOperationException();
        Assert.Equal(RefusalCode.CheckIncomplete, parts.Pipeline().Check(new SafetyRequest { Prompt = "y" }).Refusal);
    }

    [Fact]
    public void R33_the_history_of_an_account_is_a_signal_like_any_other()
    {
        Assert.Equal(Allow, Decide("balanced", Stage.Account, Operation.Generate, AgeBand.Adult, Seen(AccountRisk, 0.7)));
        Assert.Equal(Review, Decide("balanced", Stage.Account, Operation.Generate, AgeBand.Adult, Seen(AccountRisk, 0.85)));
        Assert.Equal(Review, Decide("strict", Stage.Account, Operation.Generate, AgeBand.Adult, Seen(AccountRisk, 0.7)));
        Assert.Equal(Block, Decide("creative", Stage.Account, Operation.Generate, AgeBand.Adult, Seen(AccountDenied, 1)));
    }

    [GeneratedRegex(@"^R\d+(?=_)")]
    private static partial Regex Row();

    private static IEnumerable<SafetyPolicy> AllPolicies()
        => SafetyPolicy.BuiltInNames.Select(SafetyPolicy.BuiltIn).Append(SafetyPolicy.BuiltIn("balanced") with { Rules = [] });

    private static Signal Seen(SafetyCategory category, double score = 0.9) => new(category, score, "test", "1");

    private static IEnumerable<Signal> Of(params (SafetyCategory Category, double Score)[] signals)
        => signals.Where(s => s.Score > 0).Select(s => Seen(s.Category, s.Score));

    private static PolicyQuery Ask(Stage stage, Signal signal, Operation operation = Operation.Generate, bool everyContext = false) => new()
    {
        Stage = stage,
        Operation = operation,
        Age = AgeBand.Adult,
        Signals = [signal],
        Contexts = everyContext ? [.. Enum.GetValues<SafetyContext>().Select(c => new ContextFinding(c, 1, "host"))] : [],
    };

    private static Decision Decide(string policy, Stage stage, Operation operation, AgeBand age, params Signal[] signals)
        => Decide(SafetyPolicy.BuiltIn(policy), stage, operation, age, signals);

    private static Decision Decide(SafetyPolicy policy, Stage stage, Operation operation, AgeBand age, params Signal[] signals)
        => PolicyEngine.Evaluate(policy, stage, operation, age, signals, []).Decision;
}
