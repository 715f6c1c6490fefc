using SafetySdk.PeerBenchmarks;

// worker FOLDER                                          answers for one lane, see Worker
// run FOLDER --python FILE --peers FILE [--aot LEVEL=FILE]... [--rounds N] [--block MILLISECONDS] [--clock wall|cpu] [--only KINDS] [--header TEXT]
return args switch
{
    ["worker", string folder] => Worker.Serve(folder),
    ["run", string folder, .. string[] options] => PairedRun.Execute(folder, options),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Run benchmarks/imaging.sh instead.");
    return 2;
}
