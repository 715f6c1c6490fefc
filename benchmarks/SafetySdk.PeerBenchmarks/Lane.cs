using System.Diagnostics;

namespace SafetySdk.PeerBenchmarks;

/// <summary>A process that measures; see <see cref="Worker"/> for what it is asked.</summary>
internal sealed class Lane : IDisposable
{
    private readonly Process _process;

    /// <param name="name">Name in the report.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables that the lane needs.</param>
    public Lane(string name, IReadOnlyList<string> command, params (string Name, string Value)[] environment)
    {
        Name = name;
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string variable in start.Environment.Keys.Where(k => k.StartsWith("DOTNET_", StringComparison.Ordinal)).ToArray())
        {
            // As an ordinary application runs; where the runtime lies stays said.
            if (!variable.StartsWith("DOTNET_ROOT", StringComparison.Ordinal))
            {
                start.Environment.Remove(variable);
            }
        }

        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        Description = Ask("describe");
    }

    /// <summary>Name in the report.</summary>
    public string Name { get; }

    /// <summary>What it says of itself.</summary>
    public string Description { get; }

    /// <summary>Vector width in bits; 0 where it is no lane of ours.</summary>
    public int VectorWidth
        => Description.Split("vector width ") is [_, string rest] ? int.Parse(new string([.. rest.TakeWhile(char.IsAsciiDigit)])) : 0;

    /// <summary>Sends a line and waits for the answer.</summary>
    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The lane {Name} ended at: {line}");
    }

    /// <summary>Ends the process by closing its input.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
