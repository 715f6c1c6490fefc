using System.Buffers;

namespace SafetySdk.Onnx;

/// <summary>Rented floats for an input tensor; cleared when given back, as they held pixels.</summary>
internal sealed class TensorBuffer : IDisposable
{
    private readonly int _length;
    private float[]? _rented;

    public TensorBuffer(int length)
    {
        _length = length;
        _rented = ArrayPool<float>.Shared.Rent(length);
    }

    public Memory<float> Memory => _rented.AsMemory(0, _length);

    public Span<float> Span => _rented.AsSpan(0, _length);

    public void Dispose()
    {
        float[]? rented = Interlocked.Exchange(ref _rented, null);
        if (rented is not null)
        {
            rented.AsSpan(0, _length).Clear();
            ArrayPool<float>.Shared.Return(rented);
        }
    }
}
