using System.Diagnostics;
using System.Globalization;

namespace SafetySdk.Benchmarks;

/// <summary>A Python process with a faiss index of the same hashes, which searches when told to; see <c>matching_peers.py</c>.</summary>
internal sealed class FaissPeer : IDisposable
{
    private readonly Process _process;

    private FaissPeer(Process process)
    {
        _process = process;
        BuildSeconds = double.Parse(Answer()[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Processor time of building the index.</summary>
    public double BuildSeconds { get; }

    /// <summary>Hashes that the last run found.</summary>
    public int Found { get; private set; }

    /// <summary>Starts it; null where no Python was given.</summary>
    public static FaissPeer? Start(string index, string[] python, string folder, byte[] rows, byte[] needles, int distance)
    {
        if (python.Length == 0)
        {
            return null;
        }

        string hashes = Path.Combine(folder, "hashes");
        string wanted = Path.Combine(folder, "needles");
        File.WriteAllBytes(hashes, rows);
        File.WriteAllBytes(wanted, needles);
        var start = new ProcessStartInfo(python[0], [python[1], hashes, wanted, distance.ToString(CultureInfo.InvariantCulture), index])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new FaissPeer(Process.Start(start)!);
    }

    /// <summary>Microseconds of the processor for one of the first so many needles.</summary>
    public double Run(int needles)
    {
        _process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"run {needles}"));
        _process.StandardInput.Flush();
        string[] answer = Answer();
        Found = int.Parse(answer[1], CultureInfo.InvariantCulture);
        return double.Parse(answer[0], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string[] Answer() => (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The faiss process ended.")).Split(' ');
}
