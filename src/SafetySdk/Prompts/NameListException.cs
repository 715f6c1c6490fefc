using System.Globalization;

namespace SafetySdk.Prompts;

/// <summary>A list of names cannot be read. The message gives the line and what is wrong, never a name.</summary>
public sealed class NameListException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="line">Line, from 1; 0 where the whole list is meant.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public NameListException(int line, string problem)
        : base(line == 0 ? problem : string.Create(CultureInfo.InvariantCulture, $"line {line}: {problem}"))
        => Line = line;

    /// <summary>Line, from 1; 0 where the whole list is meant.</summary>
    public int Line { get; }
}
