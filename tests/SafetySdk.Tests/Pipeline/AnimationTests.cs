using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Tests.Pipeline;

/// <summary>Every frame that was decoded is compared with known content; what nobody looked at is never allowed.</summary>
public sealed class AnimationTests
{
    private const byte Explicit = 99;

    private readonly FakeParts _parts = new();

    public AnimationTests() => _parts.Analyses[Explicit] = Picture(PersonPresence.Adult, Seen(SafetyCategory.Sexual));

    [Fact]
    public void An_animation_whose_frames_were_all_looked_at_is_allowed()
        => Assert.Equal(Decision.Allow, Check([1, 2, 3, 4]).Decision);

    [Fact]
    public void Frames_that_repeat_are_looked_at_once()
    {
        Assert.Equal(Decision.Allow, Check([1, 2, 1, 1, 2, 2, 3, 3]).Decision);
        Assert.Equal(3, _parts.Analyzed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(15)]
    public void A_known_frame_anywhere_blocks_and_stops_the_detectors(int place)
    {
        byte[] frames = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        frames[place] = 77;
        _parts.Known.Add(77);
        Verdict verdict = Check(frames);
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Contains(verdict.Reasons, r => r is { Rule: "known-content-near", Source: "image 0" });
        Assert.Equal(0, _parts.Analyzed);
    }

    [Fact]
    public void A_bad_frame_between_good_ones_is_never_allowed()
    {
        for (int place = 0; place < 10; place++)
        {
            byte[] frames = [.. Enumerable.Range(1, 10).Select(i => (byte)i)];
            frames[place] = Explicit;
            Assert.NotEqual(Decision.Allow, Check(frames).Decision);
        }

        Assert.Equal(Decision.Block, Check([1, Explicit, 3]).Decision);
    }

    [Fact]
    public void Different_frames_beyond_those_looked_at_are_said_and_a_sample_passes_only_where_it_is_trusted()
    {
        byte[] frames = [.. Enumerable.Range(1, 10).Select(i => (byte)i)];
        Verdict verdict = Check(frames);
        Assert.Equal(Decision.Review, verdict.Decision);
        Assert.Contains(verdict.Failures, f => f is { Check: "frames", Kind: CheckFailureKind.InvalidInput, Source: "image 0" });
        Assert.Equal(4, _parts.Analyzed);

        Verdict trusted = Check(frames, new PipelineOptions { TrustSampledFrames = true });
        Assert.Equal(Decision.Allow, trusted.Decision);
        Assert.Contains(trusted.Notes, n => n is { Check: "frames", Source: "image 0" });
        Assert.Equal(Decision.Allow, Check(frames, new PipelineOptions { AnalyzedFrames = 10 }).Decision);
    }

    [Fact]
    public void Frames_that_were_not_even_matched_are_a_failed_check_whatever_is_trusted()
    {
        byte[] frames = [.. Enumerable.Repeat((byte)1, 17)];
        Verdict verdict = Check(frames, new PipelineOptions { TrustSampledFrames = true });
        Assert.Equal(Decision.Review, verdict.Decision);
        Assert.Contains(verdict.Failures, f => f.Check == "frames");
        Assert.Equal(Decision.Allow, Check(frames, new PipelineOptions { MatchedFrames = 17 }).Decision);
    }

    [Fact]
    public void Where_memory_does_not_allow_all_frames_fewer_are_looked_at_and_said()
    {
        _parts.MostFrames = 5;
        _parts.Known.Add(16);
        Assert.Equal(Decision.Block, Check([.. Enumerable.Range(1, 16).Select(i => (byte)i)]).Decision);
        Assert.Equal(Decision.Review, Check([1, 1, 1, 1, 1, 1, 1, 1]).Decision);
    }

    [Fact]
    public void A_file_that_cannot_be_decoded_is_still_looked_up_by_its_bytes()
    {
        _parts.DecoderFault = new ImageException(ImageError.Truncated, "ends early");
        _parts.KnownFiles.Add(1);
        Verdict verdict = Check([1]);
        Assert.Equal(Decision.Block, verdict.Decision);
        Assert.Contains(verdict.Reasons, r => r is { Rule: "floor-known-content-confirmed", Detector: "known-content:list:sha256:file" });
        Assert.Contains(verdict.Failures, f => f.Check == "decode");
        Assert.Equal(Decision.Review, Check([2]).Decision);
    }

    [Fact]
    public void Too_little_detail_is_said_and_decides_nothing()
    {
        _parts.TooLittleDetail = true;
        Verdict verdict = Check([1]);
        Assert.Equal(Decision.Allow, verdict.Decision);
        Assert.Contains(verdict.Notes, n => n is { Check: "known-content", Source: "image 0" });
        Assert.Contains("\"notes\":[{\"check\":\"known-content\"", verdict.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Banks_that_were_not_asked_and_matches_taken_back_are_said()
    {
        _parts.NotAsked = ["half"];
        var match = new KnownContentMatch("list", "1", "pdq", 4, "original", []);
        _parts.Vetoed = [new VetoedMatch(match, match with { List = "good" }, "near_false_positive")];
        Verdict verdict = Check([1]);
        Assert.Contains(verdict.Notes, n => n.Check == "known-content" && n.Message.Contains("not asked: half.", StringComparison.Ordinal));
        Assert.Contains(verdict.Notes, n => n.Check == "known-content" && n.Message.Contains("list by good", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0.99)]
    [InlineData(31, 0.9125)]
    [InlineData(60, 0.84)]
    public void A_perceptual_match_is_less_certain_the_further_it_is(int distance, double score)
    {
        _parts.Known.Add(1);
        _parts.Match = _ => new("list", "1", "pdq", distance, "rot90", []);
        Verdict verdict = Check([1]);
        Assert.Equal(score, verdict.Reasons[0].Score, 6);
        Assert.Equal(score >= 0.9, verdict.Actions.Contains(RequiredAction.ReportToNcmec));
    }

    private Verdict Check(byte[] file, PipelineOptions? options = null)
        => new SafetyPipeline(_parts.Parts() with { Options = options ?? PipelineOptions.Default })
            .Check(new SafetyRequest { Prompt = "hello", Images = [file] });
}
