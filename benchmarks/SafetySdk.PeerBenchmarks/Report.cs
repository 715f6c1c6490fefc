using System.Text;

namespace SafetySdk.PeerBenchmarks;

/// <summary>The report, in Markdown.</summary>
internal sealed class Report
{
    /// <summary>How many times faster than libvips and than Pillow to be, and what is hoped for.</summary>
    private static readonly Dictionary<string, (double? Vips, double? Pillow, double? HopedVips, double? HopedPillow)> ResizeBars = new()
    {
        ["4000x3000-224/bilinear"] = (2.4, 11, null, null),
        ["4000x3000-224/bicubic"] = (2.4, null, 3, null),
        ["4000x3000-224/lanczos3"] = (2.2, null, 3, null),

        // What Pillow-SIMD reached where it was measured, and 1.3 times that.
        ["1024x768-224/bilinear"] = (null, 9.0, null, 11.8),
        ["1024x768-224/bicubic"] = (null, 10.3, null, 13.4),
        ["1024x768-224/lanczos3"] = (null, 8.5, null, 11.1),
        ["512x512-299/bilinear"] = (null, 8.1, null, 10.5),
        ["512x512-299/bicubic"] = (null, 8.8, null, 11.4),
        ["512x512-299/lanczos3"] = (null, 7.5, null, 9.7),
    };

    private const double NormaliseBar = 1.5, NormaliseHoped = 1.2, JpegBar = 1.12, JpegHoped = 1.05, ReadHoped = 2, AotBar = 1.1;

    private readonly StringBuilder _text = new();
    private readonly Results _results;
    private readonly Work[] _works;
    private readonly List<Lane> _lanes;

    private Report(Results results, Work[] works, List<Lane> lanes)
    {
        _results = results;
        _works = works;
        _lanes = lanes;
    }

    /// <summary>Writes all of it.</summary>
    public static string Write(Results results, Work[] works, List<Lane> lanes, string header, string pictures)
    {
        var report = new Report(results, works, lanes);
        report.Line(header.Trim());
        report.Line($"Pictures: {pictures}.");
        report.Line("Lanes: " + string.Join("; ", lanes.Select(l => $"{l.Name} = {l.Description}")) + ".");
        if (results.Wrong.Count > 0)
        {
            report.Line("");
            report.Line("**Nothing was timed: answers are wrong.** " + string.Join("; ", results.Wrong));
            return report._text.ToString();
        }

        report.Resize();
        report.Normalise();
        report.Jpeg();
        report.Lanes();
        if (results.Missing.Count > 0)
        {
            report.Line("");
            results.Missing.ForEach(missing => report.Line($"* {missing}"));
        }

        return report._text.ToString();
    }

    private void Resize()
    {
        Work[] works = [.. _works.Where(w => w.Kind == "resize")];
        if (works.Length == 0)
        {
            return;
        }

        Line("");
        Line("| resize | libvips ms | Pillow ms | OpenCV area ms | OpenCV linear, not antialiased, ms | one read of the source ms "
            + "| libvips, levels from Pillow: most, mean |");
        Line("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (Work work in works)
        {
            Line($"| {Title(work)} | {Time(PairedRun.Jit, work, "libvips")} | {Time(PairedRun.Python, work, "pillow")} "
                + $"| {Time(PairedRun.Python, work, "opencv-area")} | {Time(PairedRun.Python, work, "opencv-linear")} "
                + $"| {Time(PairedRun.Jit, work, "read")} | {Note(work, "libvips")} |");
        }

        Line("");
        Line("| resize to tensor | precision | ms | × libvips | × Pillow | × OpenCV area | reads of the source | levels from Pillow: most, mean | bar | reached |");
        Line("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |");
        foreach (Work work in works)
        {
            foreach (string precision in work.Ours)
            {
                var vips = Faster(work, precision, PairedRun.Jit, "libvips");
                var pillow = Faster(work, precision, PairedRun.Python, "pillow");
                var reads = Against(work, precision, "read");
                (double? vipsBar, double? pillowBar, double? hopedVips, double? hopedPillow) = ResizeBars[work.Name["resize/".Length..]];
                bool? reached = And(AtLeast(vips, vipsBar), AtLeast(pillow, pillowBar));
                bool? hoped = vipsBar is not null && pillowBar is not null
                    ? reads is null ? null : reads.Value.OfBests <= ReadHoped
                    : And(AtLeast(vips, hopedVips), AtLeast(pillow, hopedPillow));
                string bar = string.Join(
                    ", ", new[] { vipsBar is null ? null : $"{vipsBar}× libvips", pillowBar is null ? null : $"{pillowBar}× Pillow" }
                        .OfType<string>());
                Line($"| {Title(work)} | {precision} | {Time(PairedRun.Jit, work, precision)} | {Ratio(vips)} | {Ratio(pillow)} "
                    + $"| {Ratio(Faster(work, precision, PairedRun.Python, "opencv-area"))} | {Ratio(reads)} | {Note(work, precision)} | {bar} "
                    + $"| {Verdict(reached, hoped)} |");
            }
        }
    }

    private void Normalise()
    {
        Work[] works = [.. _works.Where(w => w.Kind == "normalise")];
        if (works.Length == 0)
        {
            return;
        }

        Line("");
        Line($"| normalise only | fill of the tensor µs | µs | × fill | bar {NormaliseBar}, hoped {NormaliseHoped} |");
        Line("| --- | ---: | ---: | ---: | --- |");
        foreach (Work work in works)
        {
            var ratio = Against(work, "tensor", "fill");
            Line($"| {Title(work)} square | {Time(PairedRun.Jit, work, "fill", 1000)} | {Time(PairedRun.Jit, work, "tensor", 1000)} "
                + $"| {Ratio(ratio)} | {Verdict(AtMost(ratio, NormaliseBar), AtMost(ratio, NormaliseHoped))} |");
        }
    }

    private void Jpeg()
    {
        Work[] works = [.. _works.Where(w => w.Kind == "jpeg")];
        if (works.Length == 0)
        {
            return;
        }

        Line("");
        Line("| raw decode | libvips, rows fetched, ms | libvips, rows left in place, ms | libjpeg-turbo 2.1.5 ms "
            + "| Pillow, decode and bilinear resize, ms |");
        Line("| --- | ---: | ---: | ---: | ---: |");
        foreach (Work work in works)
        {
            Line($"| {Title(work)} megapixels | {Time(PairedRun.Jit, work, "libvips")} | {Time(PairedRun.Jit, work, "libvips-prepare")} "
                + $"| {Time(PairedRun.Jit, work, "turbojpeg")} | {Time(PairedRun.Python, work, "pillow")} |");
        }

        Line("");
        Line("| JPEG to 224 × 224 tensor, bilinear | precision | ms | ÷ libvips, fetched | ÷ libvips, in place | ÷ libjpeg-turbo "
            + $"| × Pillow | bar {JpegBar}, hoped {JpegHoped} of libvips, fetched |");
        Line("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |");
        foreach (Work work in works)
        {
            foreach (string precision in work.Ours)
            {
                var raw = Against(work, precision, "libvips");
                Line($"| {Title(work)} megapixels | {precision} | {Time(PairedRun.Jit, work, precision)} | {Ratio(raw)} "
                    + $"| {Ratio(Against(work, precision, "libvips-prepare"))} | {Ratio(Against(work, precision, "turbojpeg"))} "
                    + $"| {Ratio(Faster(work, precision, PairedRun.Python, "pillow"))} "
                    + $"| {Verdict(AtMost(raw, JpegBar), AtMost(raw, JpegHoped))} |");
            }
        }
    }

    // Each NativeAOT lane against the JIT at the same vector width.
    private void Lanes()
    {
        (Lane Aot, Lane Jit)[] pairs =
        [
            .. from aot in _lanes where aot.Name.StartsWith("AOT", StringComparison.Ordinal)
               let jit = _lanes.FirstOrDefault(
                   l => l.Name.StartsWith(PairedRun.Jit, StringComparison.Ordinal) && l.VectorWidth == aot.VectorWidth)
               where jit is not null select (aot, jit),
        ];
        if (pairs.Length == 0)
        {
            return;
        }

        Line("");
        Line("| NativeAOT | " + string.Join(" | ", pairs.Select(p => $"{p.Aot.Name} ({p.Aot.VectorWidth}) ms | ÷ {p.Jit.Name}"))
            + $" (bar {AotBar}) | same tensors |");
        Line("| --- |" + string.Concat(pairs.Select(_ => " ---: | ---: |")) + " --- |");
        foreach (Work work in _works)
        {
            foreach (string contestant in work.Ours)
            {
                string workload = $"{work.Name}/{contestant}";
                var ratios = pairs.Select(p => _results.Ratio(p.Aot.Name, workload, p.Jit.Name, workload)).ToArray();
                Line($"| {work.Name.Replace('/', ' ')} {contestant} | "
                    + string.Join(" | ", pairs.Zip(ratios).Select(p => $"{Time(p.First.Aot.Name, work, contestant)} | {Over(p.Second)}"))
                    + $" | {(_results.SameEverywhere(workload) ? "yes" : "**no**")} |");
            }
        }
    }

    private (double OfBests, double Paired)? Faster(Work work, string ours, string lane, string peer)
        => _results.Ratio(lane, $"{work.Name}/{peer}", PairedRun.Jit, $"{work.Name}/{ours}");

    private (double OfBests, double Paired)? Against(Work work, string ours, string floor)
        => _results.Ratio(PairedRun.Jit, $"{work.Name}/{ours}", PairedRun.Jit, $"{work.Name}/{floor}");

    private string Time(string lane, Work work, string contestant, double unit = 1e6)
    {
        string workload = $"{work.Name}/{contestant}";
        return _results.Best(lane, workload) is { } best ? $"{Short(best / unit)} / {Short(_results.Median(lane, workload)!.Value / unit)}" : "–";
    }

    private string Note(Work work, string contestant) => _results.Notes.GetValueOrDefault($"{work.Name}/{contestant}", "–");

    private static string Over((double OfBests, double Paired)? ratio) => ratio?.OfBests > AotBar ? $"**{Ratio(ratio)}**" : Ratio(ratio);

    private void Line(string line) => _text.Append(line).Append('\n');

    private static string Title(Work work)
        => work.Name[(work.Kind.Length + 1)..].Replace("-", " to ", StringComparison.Ordinal).Replace("/", ", ", StringComparison.Ordinal);

    private static string Ratio((double OfBests, double Paired)? ratio) => ratio is { } r ? $"{Short(r.OfBests)} ({Short(r.Paired)})" : "–";

    private static string Short(double value)
        => value >= 100 ? $"{value:0}" : value >= 10 ? $"{value:0.0}" : value >= 1 ? $"{value:0.00}" : value >= 0.1 ? $"{value:0.000}" : $"{value:0.0000}";

    private static bool? AtLeast((double OfBests, double Paired)? ratio, double? bar)
        => bar is null || ratio is null ? null : ratio.Value.OfBests >= bar;

    private static bool? AtMost((double OfBests, double Paired)? ratio, double bar) => ratio is null ? null : ratio.Value.OfBests <= bar;

    private static bool? And(bool? a, bool? b) => a is null ? b : b is null ? a : a.Value && b.Value;

    private static string Verdict(bool? bar, bool? hoped) => (bar, hoped) switch
    {
        (null, _) => "–",
        (true, true) => "yes, and what was hoped for",
        (true, _) => "yes",
        _ => "**no**",
    };
}
