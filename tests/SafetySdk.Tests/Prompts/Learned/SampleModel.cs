using SafetySdk.Prompts.Learned;

namespace SafetySdk.Tests.Prompts.Learned;

/// <summary>A small model of two heads whose weights are known.</summary>
internal static class SampleModel
{
    public const float Bias = -0.75f;

    public static sbyte Value(int row, int column) => (sbyte)(((row * 31) + (column * 17)) % 255 - 127);

    public static byte[] Bytes(float review = 1, float block = 2) => new PromptModelFile
    {
        Heads =
        [
            new PromptModelHead("sexual", true, 1, 0, Thresholds(review, block)) { Bias = Bias, WordScale = 0.25f, CharScale = 0.125f },
            new PromptModelHead("unsafe", false, 2, 0.5f, Thresholds(review, block)) { Bias = Bias, WordScale = 0.25f, CharScale = 0.125f },
        ],
        WordBits = 8,
        CharBits = 8,
        Table = [.. Enumerable.Range(0, 512 * 16).Select(static i => Value(i / 16, i % 16))],
    }.Write();

    /// <summary>A model whose heads score every text as their biases say.</summary>
    public static LearnedPromptModel Constant(params (string Name, float Score)[] heads) => LearnedPromptModel.Read(new PromptModelFile
    {
        Heads = [.. heads.Select(static h => new PromptModelHead(h.Name, false, 1, 0, Thresholds(1, 2)) { Bias = h.Score, WordScale = 1, CharScale = 1 })],
        WordBits = 8,
        CharBits = 8,
        Table = new sbyte[512 * 16],
    }.Write());

    private static Dictionary<PromptSurface, PromptThresholds> Thresholds(float review, float block)
        => Enum.GetValues<PromptSurface>().ToDictionary(
            static s => s, s => s == PromptSurface.Post ? new PromptThresholds(review + 2, block + 2) : new PromptThresholds(review, block));
}
