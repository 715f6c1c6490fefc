using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>Loads the models when the first picture comes. A failure is not remembered, so that models restored later are found.</summary>
internal sealed class DeferredOnnxAnalyzer(SafetyHome home, OnnxOptions options) : IImageAnalyzer, IDisposable
{
    private readonly Lock _gate = new();
    private OnnxImageAnalyzer? _analyzer;
    private bool _disposed;

    public IReadOnlyList<DetectorVersion> Detectors => Volatile.Read(ref _analyzer)?.Detectors ?? [];

    public ImageAnalysis Analyze(PixelBuffer image, CancellationToken cancellationToken = default)
        => (Volatile.Read(ref _analyzer) ?? Load()).Analyze(image, cancellationToken);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _analyzer?.Dispose();
        }
    }

    // One at a time: two loads side by side would hold every model twice.
    private OnnxImageAnalyzer Load()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_analyzer is null)
            {
                Volatile.Write(ref _analyzer, OnnxImageAnalyzer.Load(home, options));
            }

            return _analyzer!;
        }
    }
}
