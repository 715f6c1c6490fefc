namespace SafetySdk.Tests;

/// <summary>Tests that measure memory or work of the process: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public sealed class MeasuredAlone;
