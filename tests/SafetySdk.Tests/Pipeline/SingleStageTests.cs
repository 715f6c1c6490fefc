using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Tests.Pipeline;

/// <summary>Stages that are used alone: on the calling thread they say what they say on the pool.</summary>
public sealed class SingleStageTests
{
    public static TheoryData<Stage> Stages => [Stage.Upload, Stage.Prompt, Stage.Joint, Stage.Output];

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_stage_says_the_same_on_the_calling_thread(Stage stage)
    {
        var parts = new FakeParts();
        parts.Analyses[9] = Picture(PersonPresence.Child, Seen(SafetyCategory.Sexual, 0.9));
        var pipeline = new SafetyPipeline(parts.Parts());
        var request = new SafetyRequest { Prompt = "a picture", Images = [new byte[] { 9 }], OutputImages = [new byte[] { 9 }] };
        Task<Verdict> onThePool = stage switch
        {
            Stage.Upload => pipeline.CheckUploadAsync(request, TestContext.Current.CancellationToken),
            Stage.Prompt => pipeline.CheckPromptAsync(request, TestContext.Current.CancellationToken),
            Stage.Joint => pipeline.CheckJointAsync(request, TestContext.Current.CancellationToken),
            _ => pipeline.CheckOutputAsync(request, TestContext.Current.CancellationToken),
        };
        Verdict expected = await onThePool;
        Verdict actual = pipeline.CheckStage(request, stage, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Decision, actual.Decision);
        Assert.Equal(expected.Reasons, actual.Reasons);
        Assert.Equal(expected.Stages.Where(s => s.Decision != Decision.NotChecked).Select(s => s.Stage), [stage]);
        Assert.Equal([stage], actual.Stages.Where(s => s.Decision != Decision.NotChecked).Select(s => s.Stage));
        Assert.Equal(Decision.NotChecked, pipeline.CheckStage(new SafetyRequest(), stage, TestContext.Current.CancellationToken).Decision);
    }

    [Fact]
    public void A_stage_that_is_none_of_its_own_is_refused_and_a_cancelled_one_has_no_verdict()
    {
        var pipeline = new SafetyPipeline(new FakeParts().Parts());
        var request = new SafetyRequest { Prompt = "a picture", Images = [new byte[] { 9 }] };
        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.CheckStage(request, Stage.Account, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.CheckStage(request, (Stage)9, TestContext.Current.CancellationToken));
        Assert.Throws<OperationCanceledException>(() => pipeline.CheckStage(request, Stage.Upload, new CancellationToken(true)));
    }

    [Fact]
    public void A_policy_at_hand_is_taken_in_place_of_a_named_one()
    {
        var strict = SafetyPolicy.BuiltIn("strict");
        using ServiceProvider services = new ServiceCollection()
            .AddSafety(options =>
            {
                options.Policy = "no such policy";
                options.PolicyDocument = strict;
            })
            .Services.BuildServiceProvider();
        Assert.Same(strict, services.GetRequiredService<SafetyPipeline>().Policy);
    }
}
