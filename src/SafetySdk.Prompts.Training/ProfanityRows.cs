using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace SafetySdk.Prompts.Training;

/// <summary>
/// Terms of the profanity lists as texts of one term each. They say which kind they are of and nothing else: every other category is
/// unknown, and so is harm, as a swear word alone does none.
/// </summary>
internal static class ProfanityRows
{
    public const string Source = "profanity";

    private const double MinSeverity = 1.3;

    public static List<CorpusRow> Read(string path)
    {
        var rows = new List<CorpusRow>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        _ = reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split('\t');
            if (cells.Length == 5 && Category(cells[2], cells[3], cells[4]) is { } category)
            {
                rows.Add(new CorpusRow(cells[0], Source, "term", cells[1], cells[0])
                {
                    Positive = new HashSet<string> { category },
                    Negative = new HashSet<string>(),
                    Unsafe = -1,
                    Weak = true,
                });
            }
        }

        return rows;
    }

    private static string? Category(string category, string severity, string source)
    {
        if (source == "ldnoobw")
        {
            return "sexual";
        }

        bool strong = double.TryParse(severity, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= MinSeverity;
        return !strong ? null : category switch
        {
            "sexual anatomy / sexual acts" => "sexual",
            "racial / ethnic slurs" or "sexual orientation / gender" or "religious offense" => "hate",
            "mental disability" or "physical disability" or "other / general insult" or "physical attributes" => "harassment",
            _ => null,
        };
    }
}
