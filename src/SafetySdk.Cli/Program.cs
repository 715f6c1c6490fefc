using SafetySdk.Cli;

Console.OutputEncoding = System.Text.Encoding.UTF8;
return SafetyCommandLine.Run(args, Console.Out, Console.Error);
