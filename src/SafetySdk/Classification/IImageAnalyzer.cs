using SafetySdk.Images;

namespace SafetySdk.Classification;

/// <summary>Name and version of a detector, for verdicts.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version of its model or list.</param>
public sealed record DetectorVersion(string Name, string Version);

/// <summary>Looks at pictures: what is in them and who. Implementations are thread-safe.</summary>
public interface IImageAnalyzer
{
    /// <summary>The detectors that are run.</summary>
    IReadOnlyList<DetectorVersion> Detectors { get; }

    /// <summary>
    /// Runs every detector on a picture. A detector that fails is listed in <see cref="ImageAnalysis.Failures"/>, not thrown.
    /// </summary>
    /// <param name="image">The picture as displayed.</param>
    /// <param name="cancellationToken">Looked at between detectors.</param>
    /// <exception cref="ModelException">A model is missing or damaged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default);
}
