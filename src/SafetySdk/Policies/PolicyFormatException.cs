namespace SafetySdk.Policies;

/// <summary>A policy document is malformed, or weaker than the floor.</summary>
public sealed class PolicyFormatException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="problem">What is wrong and what would be right.</param>
    /// <param name="path">Where, as a JSON path such as <c>$.rules[3].category</c>.</param>
    /// <param name="line">Line, from 1.</param>
    /// <param name="column">Column in bytes, from 1.</param>
    public PolicyFormatException(string problem, string path, long line, long column)
        : base($"line {line}, column {column}, {path}: {problem}")
    {
        Path = path;
        Line = line;
        Column = column;
    }

    /// <summary>Where, as a JSON path.</summary>
    public string Path { get; }

    /// <summary>Line, from 1.</summary>
    public long Line { get; }

    /// <summary>Column in bytes, from 1.</summary>
    public long Column { get; }
}
