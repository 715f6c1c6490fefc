using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Prompts;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Tests.Prompts;

/// <summary>Measures the request grammar on the shared corpus; benchmarks/results/request-grammar.md holds what it printed.</summary>
public sealed class RequestCorpusTests(ITestOutputHelper output)
{
    private const double Fires = 0.5;
    private static readonly SafetyCategory[] Intents =
    [
        SafetyCategory.Identification, SafetyCategory.SensitiveTraits, SafetyCategory.UngroundedInference, SafetyCategory.Geolocation,
        SafetyCategory.Captcha, SafetyCategory.MedicalReading, SafetyCategory.ArtistStyle, SafetyCategory.UndressingIntent,
    ];

    private static readonly HashSet<string> Benign =
        ["coco_captions", "partiprompts", "clinc150", "mt_bench", "awesome_chatgpt_prompts", "t2i_compbench", "xquad_questions"];

    private static readonly Lazy<RulePromptClassifier> WithNames = new(() => new RulePromptClassifier(Names()));

    [Theory]
    [InlineData("identification", 0.90, 0.05)]
    [InlineData("geolocation", 0.90, 0.05)]
    [InlineData("captcha", 0.90, 0.05)]
    public void A_request_is_told_from_its_twin(string intent, double leastRecall, double mostTwins)
    {
        SafetyCategory category = Enum.Parse<SafetyCategory>(intent, ignoreCase: true);
        foreach (string split in (string[])["train", "dev"])
        {
            List<Row> rows = Rows(split);
            double recall = Rate($"{split} {intent} recall", rows.Where(r => r.Tags.Contains($"intent:{intent}")), r => Has(r.Text, category), missed: true);
            double twins = Rate($"{split} {intent} twins", rows.Where(r => r.Tags.Contains($"contrast:{intent}")), r => Has(r.Text, category));
            Assert.True(recall >= leastRecall, $"{split}: {recall:P1}");
            Assert.True(twins <= mostTwins, $"{split}: {twins:P1}");
        }
    }

    [Fact]
    public void Likenesses_are_told_from_questions()
    {
        foreach (string split in (string[])["train", "dev"])
        {
            List<Row> rows = Rows(split);
            double recall = Rate($"{split} likeness recall", rows.Where(r => r.Tags.Contains("intent:public_figure")), r => Has(r.Text, SafetyCategory.PublicFigure), missed: true);
            double twins = Rate($"{split} likeness twins", rows.Where(r => r.Tags.Contains("contrast:public_figure")), r => Has(r.Text, SafetyCategory.PublicFigure));
            Assert.True(recall >= 0.95 && twins <= 0.05, $"{split}: {recall:P1}, {twins:P1}");
        }
    }

    [Fact]
    public void Living_artists_are_told_from_the_dead_and_from_mentions()
    {
        (HashSet<string> living, HashSet<string> dead) = Artists();
        foreach (string split in (string[])["train", "dev"])
        {
            List<Row> rows = Rows(split);
            Row[] asked = [.. rows.Where(r => r.Tags.Contains("intent:artist_style"))];
            double recall = Rate($"{split} living artist recall", asked.Where(r => Named(r.Text, living) && !Named(r.Text, dead)), r => Has(r.Text, SafetyCategory.ArtistStyle), missed: true);
            double flagged = Rate($"{split} deceased flagged", asked.Where(r => Named(r.Text, dead)), r => Has(r.Text, SafetyCategory.ArtistStyle));
            double about = Rate($"{split} artist mentions flagged", rows.Where(r => r.Tags.Contains("contrast:artist_style")), r => Has(r.Text, SafetyCategory.ArtistStyle));
            Assert.True(recall >= 0.95 && flagged <= 0.01 && about <= 0.02, $"{split}: {recall:P1}, {flagged:P1}, {about:P1}");
        }
    }

    [Fact]
    public void Names_of_the_list_in_the_bare_frames()
    {
        (HashSet<string> living, HashSet<string> dead) = Artists();
        string[] frames = ["a castle in the style of {0}", "{0} style painting of a harbour", "ein Schloss im Stil von {0}", "un château dans le style de {0}",
            "un castillo al estilo de {0}", "um castelo no estilo de {0}", "замок в стиле {0}", "{0}风格的城堡", "{0}風の城", "a bowl of lemons, by {0}"];
        string[] about = ["a book about {0}", "who was {0}?", "ein Buch über {0}", "un livre sur {0}", "un libro sobre {0}", "um livro sobre {0}", "книга о {0}", "关于{0}的书", "{0}についての本"];
        string[] some = [.. living.Except(dead).Order(StringComparer.Ordinal).Where((_, i) => i % 6 == 0)];
        string[] gone = [.. dead.Order(StringComparer.Ordinal).Where((_, i) => i % 6 == 0)];
        Assert.True(Rate("list: living", Fill(frames, some), r => Has(r.Text, SafetyCategory.ArtistStyle), missed: true) >= 0.98);
        Assert.True(Rate("list: deceased", Fill(frames, gone), r => Has(r.Text, SafetyCategory.ArtistStyle)) <= 0.01);
        Assert.True(Rate("list: book about", Fill(about, some), r => Has(r.Text, SafetyCategory.ArtistStyle)) <= 0.02);

        static IEnumerable<Row> Fill(string[] frames, string[] names)
            => names.Select((n, i) => new Row("", string.Format(CultureInfo.InvariantCulture, frames[i % frames.Length], n), "", []));
    }

    [Fact]
    public void Benign_prompts_ask_for_nothing()
    {
        foreach (string split in (string[])["train", "dev"])
        {
            List<Row> rows = [.. Rows(split).Where(r => Benign.Contains(r.Source))];
            foreach (IGrouping<string, Row> source in rows.GroupBy(r => r.Source).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                _ = Rate($"{split} {source.Key}", source, r => Intents.Any(i => Has(r.Text, i)));
            }

            foreach (SafetyCategory intent in Intents.Append(SafetyCategory.PublicFigure).Append(SafetyCategory.PhotorealChildRequest))
            {
                double rate = Rate($"{split} benign {intent.Name()}", rows, r => Has(r.Text, intent));
                Assert.True(rate <= 0.005, $"{split} {intent.Name()}: {rate:P2}");
            }
        }
    }

    [Fact]
    public void A_second_voice_is_understood()
    {
        var classifier = new RulePromptClassifier();
        (string Language, string Category, bool Request, string Text)[] all = [.. RequestPhrasings.All];
        Row[] requests = [.. all.Where(a => a.Request).Select(a => new Row(a.Category, a.Text, a.Language, []))];
        Row[] twins = [.. all.Where(a => !a.Request).Select(a => new Row(a.Category, a.Text, a.Language, []))];
        foreach (IGrouping<string, Row> language in requests.GroupBy(r => r.Language))
        {
            _ = Rate($"second voice {language.Key} recall", language, Hit, missed: true);
        }

        double recall = Rate("second voice recall", requests, Hit);
        double fired = Rate("second voice twins", twins, Hit);
        Assert.True(recall >= 0.95, $"{recall:P1}");
        Assert.True(fired <= 0.05, $"{fired:P1}");

        bool Hit(Row row) => SafetyCategories.TryParse(row.Source, out SafetyCategory category)
            && classifier.Classify(row.Text, TextOrigin.Prompt).Any(s => s.Category == category && s.Score >= Fires);
    }

    [Fact]
    public void Art_prompts()
        => _ = Rate("uce art prompts", Rows("train").Concat(Rows("dev")).Where(r => r.Source == "uce_art_prompts"), r => Has(r.Text, SafetyCategory.ArtistStyle));

    private static bool Has(string text, SafetyCategory category)
        => WithNames.Value.Classify(text, TextOrigin.Prompt).Any(s => s.Category == category && s.Score >= Fires);

    private double Rate(string name, IEnumerable<Row> rows, Func<Row, bool> hit, bool missed = false)
    {
        List<Row> all = [.. rows];
        HashSet<string> odd = [];
        int hits = 0;
        foreach (Row row in all)
        {
            bool fired = hit(row);
            hits += fired ? 1 : 0;
            if (fired != missed)
            {
                odd.Add($"{row.Language} {row.Text}");
            }
        }

        double share = hits / (double)Math.Max(1, all.Count);
        (double low, double high) = Wilson(hits, all.Count);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} | {all.Count} | {100 * share:0.0} % ({100 * low:0.0}-{100 * high:0.0})"));
        if (Environment.GetEnvironmentVariable("SHOW_ODD_ROWS") == "1" && !name.StartsWith("dev", StringComparison.Ordinal))
        {
            foreach (string text in odd.Take(25))
            {
                output.WriteLine($"      {text}");
            }
        }

        return share;
    }

    // Wilson, "Probable inference", 1927; 95 %.
    private static (double Low, double High) Wilson(int hits, int rows)
    {
        const double z = 1.96;
        double n = Math.Max(1, rows);
        double p = hits / n;
        double centre = p + (z * z / (2 * n));
        double spread = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        double scale = 1 + (z * z / n);
        return (Math.Max(0, (centre - spread) / scale), Math.Min(1, (centre + spread) / scale));
    }

    private static bool Named(string text, HashSet<string> names)
        => names.Any(n => text.Contains(n, StringComparison.OrdinalIgnoreCase));

    private static (HashSet<string> Living, HashSet<string> Dead) Artists()
    {
        string[][] rows = [.. NameRows().Where(c => c[1] == "artist" && c[0].Contains(' ', StringComparison.Ordinal))];
        return (
            [.. rows.Where(c => c[4] is "living_or_unknown" && !IsOld(c)).Select(c => c[0])],
            [.. rows.Where(c => c[3].Length > 0 || c[4].StartsWith("deceased", StringComparison.Ordinal) || IsOld(c)).Select(c => c[0])]);

        static bool IsOld(string[] cells) => int.TryParse(cells[2], out int born) && born < 1916;
    }

    private static RequestNames Names()
    {
        var list = new StringBuilder();
        foreach (string[] c in NameRows())
        {
            bool dead = c[3].Length > 0 || c[4].StartsWith("deceased", StringComparison.Ordinal);
            list.Append(c[1] == "artist" ? "artist" : "public_figure").Append('\t').Append(c[0]).Append("\t-\t")
                .Append(int.TryParse(c[2], out int born) && born > 1000 ? c[2] : "-").Append('\t')
                .Append(c[1] != "artist" || !dead ? "-" : int.TryParse(c[3], out int died) && died > 1000 ? c[3] : "1900").Append('\n');
        }

        return RequestNames.Parse(Encoding.UTF8.GetBytes(list.ToString()));
    }

    private static List<string[]> NameRows()
    {
        string path = TestEnvironment.Shared("data", "text", "lists", "names.tsv.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        _ = reader.ReadLine();
        var rows = new List<string[]>();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split('\t');
            // Some rows of the list are damaged.
            if (cells.Length == 6 && cells[1] is "artist" or "politician" or "celebrity" or "actor"
                && cells[0].Length is > 2 and < 80 && !cells[0].Any(char.IsControl) && cells[0].Count(char.IsLetter) > cells[0].Length / 2)
            {
                rows.Add(cells);
            }
        }

        return rows;
    }

    private static List<Row> Rows(string split)
    {
        string path = TestEnvironment.Shared("data", "text", $"{split}.jsonl.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var rows = new List<Row>();
        while (reader.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            string source = row.GetProperty("source").GetString()!;
            if (Benign.Contains(source) || source is "composed_intents" or "uce_art_prompts")
            {
                rows.Add(new Row(
                    source, row.GetProperty("text").GetString()!, row.GetProperty("lang").GetString()!,
                    [.. row.GetProperty("tags").EnumerateArray().Select(t => t.GetString()!)]));
            }
        }

        return rows;
    }

    private sealed record Row(string Source, string Text, string Language, string[] Tags);
}
