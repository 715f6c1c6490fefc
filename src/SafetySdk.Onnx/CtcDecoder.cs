using System.Text;

namespace SafetySdk.Onnx;

/// <summary>Greedy decoding of connectionist temporal classification (Graves et al. 2006): the best class per step, repeats and blanks dropped.</summary>
/// <param name="symbols">Text of every class; class 0 is the blank and has none.</param>
internal sealed class CtcDecoder(IReadOnlyList<string> symbols)
{
    /// <summary>Number of classes.</summary>
    public int Classes => symbols.Count;

    /// <summary>Reads the dictionary of PaddleOCR: blank, one class a line, then the space.</summary>
    /// <param name="text">The file: UTF-8 lines ended by LF. Lines are not trimmed, as one of them is the ideographic space.</param>
    public static CtcDecoder FromDictionary(string text)
    {
        string[] lines = text.Split('\n');
        int count = lines.Length > 0 && lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        return new CtcDecoder([string.Empty, .. lines.AsSpan(0, count), " "]);
    }

    /// <summary>Decodes one line.</summary>
    /// <param name="probabilities">Steps × classes, row-major.</param>
    /// <returns>The text, the mean probability of the classes kept (0 where there are none) and their number.</returns>
    public (string Text, double Confidence, int Symbols) Decode(ReadOnlySpan<float> probabilities)
    {
        int steps = probabilities.Length / Classes;
        var text = new StringBuilder();
        double sum = 0;
        int kept = 0;
        int previous = 0;
        for (int t = 0; t < steps; t++)
        {
            ReadOnlySpan<float> row = probabilities.Slice(t * Classes, Classes);
            int best = 0;
            for (int k = 1; k < row.Length; k++)
            {
                if (row[k] > row[best])
                {
                    best = k;
                }
            }

            if (best != 0 && best != previous)
            {
                text.Append(symbols[best]);
                sum += row[best];
                kept++;
            }

            previous = best;
        }

        return (text.ToString(), kept == 0 ? 0 : sum / kept, kept);
    }
}
