using System.Diagnostics;
using System.Globalization;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Learned;

namespace SafetySdk.Benchmarks;

/// <summary>
/// Time of the parts that judge a prompt, on one thread: <c>prompt-model</c>. Best quarter of many short runs, as the machine may be shared.
/// </summary>
internal static class PromptModelMeasurement
{
    private const int Runs = 400;
    private const int Calls = 20;

    private const string Prompt =
        "A photograph of an elderly fisherman mending his nets on a wooden pier at dawn, soft light on the water, gulls in the background, "
        + "muted colours, shallow depth of field, high detail, 35mm film grain.";

    public static void Run()
    {
        LearnedPromptModel model = LearnedPromptModel.Embedded;
        string page = string.Join(' ', Enumerable.Range(0, 12).Select(static i =>
            $"Paragraph {i}: the harbour town had grown around its lighthouse, and every autumn the boats came back with stories that nobody quite "
            + "believed; my grandmother wrote them down anyway, in blue ink."))[..2000];
        var rules = new RulePromptClassifier();
        var learned = new LearnedPromptClassifier(model);
        var scores = new float[LearnedPromptModel.MaxHeads];
        var windows = new int[LearnedPromptModel.MaxHeads];
        Line($"{"characters",10} {"n-grams",8} {"model",9} {"normaliser",11} {"both",9} {"classifier",11} {"rules",9}   microseconds");
        foreach (string text in (string[])[Prompt[..67], Prompt, page])
        {
            using NormalisedText plain = TextNormaliser.Normalise(text);
            string normalised = plain.Characters.ToString();
            var features = new PromptFeatures(model.WordBits, model.CharBits);
            features.Load(normalised);
            features.Collect(0, features.Words);
            double alone = Time(() => model.Score(normalised, scores, windows, out _));
            double normaliser = Time(() => TextNormaliser.Normalise(text).Dispose());
            double both = Time(() => model.Score(text, scores));
            double classifier = Time(() => learned.Classify(text, TextOrigin.Prompt));
            double whole = Time(() => rules.Classify(text, TextOrigin.Prompt));
            Line($"{text.Length,10} {features.WordCount + features.CharCount,8} {alone,9:0.00} {normaliser,11:0.00} {both,9:0.00} {classifier,11:0.00} {whole,9:0.00}");
        }
    }

    private static double Time(Action call)
    {
        for (int i = 0; i < 3000; i++)
        {
            call();
        }

        var times = new double[Runs];
        for (int run = 0; run < Runs; run++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++)
            {
                call();
            }

            times[run] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls;
        }

        Array.Sort(times);
        return times[Runs / 4];
    }

    private static void Line(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
