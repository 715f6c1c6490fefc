using System.Text;

namespace SafetySdk.Cli;

/// <summary>A table of wrapped cells that fits a terminal of 80 columns.</summary>
internal sealed class TextTable(params int[] widths)
{
    /// <summary>Columns of a terminal that everybody has.</summary>
    public const int Width = 80;

    private const string Gap = "  ";

    /// <summary>Writes a row; its height is that of its longest cell.</summary>
    public void Write(TextWriter output, params string[] cells)
    {
        List<string>[] columns = [.. cells.Select((c, i) => Wrap(c, widths[i]))];
        for (int line = 0; line < columns.Max(static c => c.Count); line++)
        {
            var text = new StringBuilder();
            for (int i = 0; i < columns.Length; i++)
            {
                string cell = line < columns[i].Count ? columns[i][line] : string.Empty;
                text.Append(i == 0 ? string.Empty : Gap).Append(cell).Append(' ', widths[i] - cell.Length);
            }

            output.WriteLine(text.ToString().TrimEnd());
        }
    }

    /// <summary>Breaks a text at spaces; a word longer than the line is cut. Line feeds are kept.</summary>
    public static List<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        foreach (string paragraph in text.Split('\n'))
        {
            string line = string.Empty;
            foreach (string word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(w => Cut(w, width)))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > width)
                {
                    lines.Add(line);
                    line = string.Empty;
                }

                line = line.Length == 0 ? word : $"{line} {word}";
            }

            lines.Add(line);
        }

        return lines;
    }

    // A word that fits no line is cut after its last hyphen that does.
    private static IEnumerable<string> Cut(string word, int width)
    {
        while (word.Length > width)
        {
            int hyphen = word.LastIndexOf('-', width - 1);
            int end = hyphen > 0 ? hyphen + 1 : width;
            yield return word[..end];
            word = word[end..];
        }

        yield return word;
    }
}
