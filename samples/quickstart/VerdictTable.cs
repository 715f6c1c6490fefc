using System.Globalization;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Samples.Quickstart;

/// <summary>Prints verdicts as a table that a person can read.</summary>
internal sealed class VerdictTable
{
    private const int InputWidth = 62;
    private readonly TextWriter _output;
    private int _rows;
    private int _unexpected;

    public VerdictTable(TextWriter output, string policy)
    {
        _output = output;
        _output.WriteLine();
        _output.WriteLine($"Policy: {policy}. Times: a = account, u = upload, p = prompt, j = joint, o = output, in milliseconds.");
        _output.WriteLine();
        Row("INPUT", "TASK, AGE", "DECISION", "STAGE", "WHY (SCORE)", "MS");
        _output.WriteLine(new string('-', 170));
    }

    public void Add(QuickstartCase @case, Verdict verdict)
    {
        VerdictReason? reason = verdict.Reasons.Count > 0 ? verdict.Reasons[0] : null;
        string why = reason is null
            ? "no rule objects"
            : reason.Category == SafetyCategory.CheckFailed
                ? $"{reason.Rule}: {reason.Why}"
                : string.Create(CultureInfo.InvariantCulture, $"{reason.Rule} ({reason.Score:0.00})");
        string milliseconds = string.Join(' ', verdict.Stages.Select(s =>
            s.Decision == Decision.NotChecked
                ? "-"
                : string.Create(CultureInfo.InvariantCulture, $"{s.Stage.Name()[0]} {s.Duration.TotalMilliseconds:0.0}")));
        string mark = verdict.Decision == @case.Expected ? string.Empty : $"  (expected {@case.Expected.Name()})";
        Row(
            Input(@case),
            $"{@case.Operation.Name()}, {@case.Age.Name()}",
            verdict.Decision.Name().ToUpperInvariant(),
            reason?.Stage.Name() ?? "all",
            why + (verdict.Actions.Count > 0 ? " -> " + string.Join(", ", verdict.Actions.Select(a => a.Name())) : string.Empty) + mark,
            milliseconds);
        _rows++;
        _unexpected += mark.Length > 0 ? 1 : 0;
    }

    /// <summary>Prints the last line; the exit code is 1 where a verdict was not the expected one.</summary>
    public int Finish()
    {
        _output.WriteLine();
        _output.WriteLine($"{_rows} requests, {_rows - _unexpected} decided as a careful person would, {_unexpected} not.");
        return _unexpected == 0 ? 0 : 1;
    }

    private static string Input(QuickstartCase @case)
    {
        string? file = @case.Image ?? @case.OutputImage;
        string prefix = @case.OutputImage is null ? string.Empty : "output ";
        string text = file is null ? $"\"{@case.Prompt}\"" : $"{prefix}{Path.GetFileName(file)} + \"{@case.Prompt}\"";
        return text.Length <= InputWidth ? text : text[..(InputWidth - 1)] + "…";
    }

    private void Row(string input, string task, string decision, string stage, string why, string milliseconds)
        => _output.WriteLine($"{input,-InputWidth}  {task,-20}  {decision,-9}  {stage,-7}  {why,-44}  {milliseconds}".TrimEnd());
}
