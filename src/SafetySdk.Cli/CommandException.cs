namespace SafetySdk.Cli;

/// <summary>A command cannot go on: the message for the person and the exit code for the script.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
