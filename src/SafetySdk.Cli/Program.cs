using SafetySdk.Cli;

try
{
    Console.OutputEncoding = System.Text.Encoding.UTF8;
    return SafetyCommandLine.Run(args, Console.Out, Console.Error);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    // A standard stream is closed: nobody is there to tell.
    return ExitCode.Fault;
}
