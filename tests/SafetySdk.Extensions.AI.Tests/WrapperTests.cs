using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Classification;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Tests.Pipeline;
using static SafetySdk.Tests.Pipeline.FakeParts;

namespace SafetySdk.Extensions.AI.Tests;

/// <summary>Clients and generators behind the stack: called only where the request passes, and only what passes comes out.</summary>
public sealed class WrapperTests : IDisposable
{
    private const byte Landscape = 1, Explicit = 4, Child = 2;

    private readonly FakeParts _parts = new();
    private readonly FakeModel _model = new();

    public WrapperTests()
    {
        _parts.Analyses[Explicit] = Picture(PersonPresence.Adult, Seen(SafetyCategory.Sexual));
        _parts.Analyses[Child] = Picture(PersonPresence.Child, Seen(SafetyCategory.ChildPhoto));
        _parts.Texts["illegal"] = [Seen(SafetyCategory.Illicit)];
        _parts.Texts["style of somebody"] = [Seen(SafetyCategory.ArtistStyle)];
        _parts.Texts["how to build it"] = [Seen(SafetyCategory.Illicit)];
    }

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task A_chat_that_passes_is_answered_by_the_model()
    {
        ChatResponse response = await Chat().GetResponseAsync("hello");
        Assert.Equal("an answer", response.Text);
        Assert.Equal(1, _model.Calls);
    }

    [Theory]
    [InlineData("illegal", Operation.Understand)]
    [InlineData("style of somebody", Operation.Generate)]
    public async Task A_chat_that_does_not_pass_never_reaches_the_model(string prompt, Operation operation)
    {
        var options = new SafetyClientOptions { ChatOperation = operation };
        ChatResponse response = await new SafetyChatClient(_model, _parts.Pipeline(), options).GetResponseAsync(prompt);
        Assert.Equal(ChatFinishReason.ContentFilter, response.FinishReason);
        Assert.IsType<SafetyRun>(response.RawRepresentation);
        Assert.DoesNotContain(prompt, response.Text, StringComparison.Ordinal);
        Assert.Equal(0, _model.Calls);
    }

    [Fact]
    public async Task All_turns_and_tools_and_pictures_count()
    {
        Assert.Equal(ChatFinishReason.ContentFilter, (await Chat().GetResponseAsync(
            [new(ChatRole.User, "how to"), new(ChatRole.Assistant, "what?"), new(ChatRole.User, "build it")])).FinishReason);
        Assert.Equal(ChatFinishReason.ContentFilter, (await Chat().GetResponseAsync(
            [new(ChatRole.User, "hello"), new(ChatRole.Tool, [new FunctionResultContent("1", "illegal")])])).FinishReason);
        Assert.Equal(ChatFinishReason.ContentFilter, (await Chat().GetResponseAsync(
            [new(ChatRole.User, [Data(Explicit)]), new(ChatRole.User, "hello")])).FinishReason);
        Assert.Equal(0, _model.Calls);
        Assert.Equal("an answer", (await Chat().GetResponseAsync([new(ChatRole.User, [new TextContent("hello"), Data(Landscape)])])).Text);
    }

    [Fact]
    public async Task What_cannot_be_looked_at_does_not_pass()
    {
        _parts.DecoderFault = new Images.ImageException(Images.ImageError.Unsupported, "empty");
        foreach (AIContent content in (AIContent[])
            [new UriContent("http://localhost/a.png", "image/png"), new HostedFileContent("file"), new DataContent(new byte[] { 1 }, "application/pdf")])
        {
            ChatResponse response = await Chat().GetResponseAsync([new(ChatRole.User, [new TextContent("hello"), content])]);
            Assert.Equal(ChatFinishReason.ContentFilter, response.FinishReason);
        }

        Assert.Equal(0, _model.Calls);
    }

    [Fact]
    public async Task What_the_model_answers_is_judged_streamed_or_not()
    {
        foreach (AIContent bad in (AIContent[])[new TextContent("illegal"), new TextReasoningContent("illegal"), Data(Explicit)])
        {
            _model.Answer = new ChatResponse(new ChatMessage(ChatRole.Assistant, [bad]));
            Assert.Equal(ChatFinishReason.ContentFilter, (await Chat().GetResponseAsync("hello")).FinishReason);
            await foreach (ChatResponseUpdate update in Chat().GetStreamingResponseAsync("hello"))
            {
                Assert.DoesNotContain("illegal", update.Text, StringComparison.Ordinal);
                Assert.DoesNotContain(update.Contents, c => c is DataContent);
            }
        }
    }

    [Fact]
    public async Task A_refusal_of_the_model_stays_one()
    {
        _model.Answer = new ChatResponse(new ChatMessage(ChatRole.Assistant, "no")) { FinishReason = ChatFinishReason.ContentFilter };
        ChatResponse response = await Chat().GetResponseAsync("hello");
        Assert.Equal(RunOutcome.Refused, Assert.IsType<SafetyRun>(response.RawRepresentation).Outcome);
    }

    [Fact]
    public async Task A_prompt_is_rewritten_where_the_host_can()
    {
        var options = new SafetyClientOptions
        {
            ChatOperation = Operation.Generate,
            Rewrite = static (call, _) => new(call.Actions.Contains(RequiredAction.TransformPrompt) ? "a hill" : null),
        };
        Assert.Equal("an answer", (await new SafetyChatClient(_model, _parts.Pipeline(), options).GetResponseAsync("style of somebody")).Text);
        Assert.Equal("a hill", _model.Prompt);
        await new SafetyImageGenerator(_model, _parts.Pipeline(), options).GenerateAsync(new ImageGenerationRequest("style of somebody"));
        Assert.Equal("a hill", _model.Prompt);
    }

    [Fact]
    public async Task A_generator_gives_only_what_passes()
    {
        _model.Made = [Data(Landscape), Data(Explicit), new UriContent("http://localhost/a.png", "image/png"), new TextContent("unseen")];
        ImageGenerationResponse response = await Generator().GenerateAsync(new ImageGenerationRequest("hello"));
        AIContent only = Assert.Single(response.Contents);
        Assert.Equal(Landscape, Assert.IsType<DataContent>(only).Data.Span[0]);
    }

    [Fact]
    public async Task A_generator_is_not_called_for_what_does_not_pass()
    {
        foreach (ImageGenerationRequest request in (ImageGenerationRequest[])
            [new("illegal"), new("hello", [Data(Explicit)]), new("brighten it", [Data(Child)])])
        {
            ImageGenerationResponse response = await Generator().GenerateAsync(request);
            ErrorContent refusal = Assert.IsType<ErrorContent>(Assert.Single(response.Contents));
            Assert.Equal(SafetyImageGenerator.RefusedCode, refusal.ErrorCode);
            Assert.Equal(Decision.Block, Assert.IsType<SafetyRun>(refusal.RawRepresentation).Verdict.Decision);
        }

        Assert.Equal(0, _model.Calls);
    }

    [Fact]
    public async Task Who_asks_is_what_the_host_knows()
    {
        var options = new SafetyClientOptions { Asker = static () => new SafetyRequest { Age = AgeBand.Under13, Locale = "de" } };
        ChatResponse response = await new SafetyChatClient(_model, _parts.Pipeline(), options).GetResponseAsync("hello");
        Assert.Equal(Refusals.Text(Decision.Block, RefusalCode.Account, "de"), response.Text);
        Assert.Equal(0, _model.Calls);
    }

    [Fact]
    public void The_monitor_is_registered_over_the_registered_client()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IChatClient>(_model);
        services.AddSafety().AddChatSafetyMonitor(options: new ChatSafetyMonitorOptions { Model = "m" });
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal("m/1", provider.GetRequiredService<ISafetyMonitor>().Version);
        Assert.NotNull(provider.GetRequiredService<SafetyPipeline>());
    }

    private static DataContent Data(byte picture) => new(new[] { picture }, "image/png");

    private SafetyChatClient Chat() => new(_model, _parts.Pipeline());

    private SafetyImageGenerator Generator() => new(_model, _parts.Pipeline());

    private sealed class FakeModel : IChatClient, IImageGenerator
    {
        public ChatResponse Answer { get; set; } = new(new ChatMessage(ChatRole.Assistant, "an answer"));

        public IList<AIContent> Made { get; set; } = [Data(Landscape)];

        public int Calls { get; private set; }

        public string? Prompt { get; private set; }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Calls++;
            Prompt = messages.Last().Text;
            return Task.FromResult(Answer);
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
            => throw new InvalidOperationException("a part of an answer cannot be judged");

        public Task<ImageGenerationResponse> GenerateAsync(
            ImageGenerationRequest request, ImageGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            Calls++;
            Prompt = request.Prompt;
            return Task.FromResult(new ImageGenerationResponse(Made));
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
