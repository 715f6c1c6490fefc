namespace SafetySdk.Onnx;

/// <summary>How the networks are run. Read once, when an analyzer is loaded.</summary>
public sealed class OnnxOptions
{
    /// <summary>
    /// Threads that share the work of one run of a network, 1 or more; by default as many as the machine has processors, up to 4. A host that
    /// looks at many pictures at once does best with 1.
    /// </summary>
    public int IntraOpThreads { get; set; } = Math.Min(4, Environment.ProcessorCount);

    /// <summary>Whether text in pictures is read, by default yes. It takes about half of the time; without it, text in a picture goes unchecked.</summary>
    public bool ReadText { get; set; } = true;
}
