using System.Globalization;
using System.Reflection;
using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>A row of a list: its cells and where it stands.</summary>
internal readonly record struct ListRow(string File, int Line, string[] Cells)
{
    public FormatException Malformed(string what)
        => new(string.Create(CultureInfo.InvariantCulture, $"{File}, line {Line}: {what}."));

    public SafetyCategory Category(int cell)
        => SafetyCategories.TryParse(Cells[cell], out SafetyCategory category) ? category : throw Malformed("unknown category");

    public double Score(int cell)
        => double.TryParse(Cells[cell], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double score)
            && score is > 0 and <= 1
            ? score
            : throw Malformed("the score is not above 0 and at most 1");

    public string[] Phrases(int cell)
    {
        string[] phrases = Cells[cell].Split('|', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(phrases, p => p.Trim('*').Length > 0) ? phrases : throw Malformed("an empty phrase");
    }
}

/// <summary>Reads the embedded lists: tab-separated cells, one row a line; lines that begin with # are remarks.</summary>
internal static class PromptListReader
{
    private const string Folder = "SafetySdk.Prompts.Lists.";

    /// <summary>Names of all lists, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. typeof(PromptListReader).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Select(n => n[Folder.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>The rows of every list whose name begins so.</summary>
    public static IEnumerable<ListRow> Rows(string prefix, int minCells, int maxCells)
    {
        foreach (string name in Names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            int number = 0;
            foreach (string line in Encoding.UTF8.GetString(Bytes(name)).Split('\n'))
            {
                number++;
                if (line.Length == 0 || line[0] == '#')
                {
                    continue;
                }

                var row = new ListRow(name, number, line.Split('\t'));
                yield return row.Cells.Length >= minCells && row.Cells.Length <= maxCells
                    ? row
                    : throw row.Malformed("wrong number of cells");
            }
        }
    }

    /// <summary>A list as it is embedded.</summary>
    public static byte[] Bytes(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name)
            ?? throw new FileNotFoundException("The list is not embedded.", name);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
