using System.Buffers;

namespace SafetySdk.Images;

/// <summary>
/// A decoded picture: 8-bit RGB, interleaved, row-major, no padding between rows (stride = 3 × width bytes).
/// </summary>
/// <remarks>
/// The memory is rented from a pool and belongs to this object; <see cref="Dispose"/> clears it and gives it back.
/// Reading from several threads is safe, writing and disposing are not.
/// </remarks>
public sealed class PixelBuffer : IDisposable
{
    /// <summary>Bytes of one pixel.</summary>
    public const int BytesPerPixel = 3;

    private byte[]? _rented;

    private PixelBuffer(int width, int height, byte[] rented)
    {
        Width = width;
        Height = height;
        _rented = rented;
    }

    /// <summary>Width in pixels, at least 1.</summary>
    public int Width { get; }

    /// <summary>Height in pixels, at least 1.</summary>
    public int Height { get; }

    /// <summary>Length of <see cref="Pixels"/> in bytes: 3 × width × height.</summary>
    public int ByteCount => Width * Height * BytesPerPixel;

    /// <summary>The samples, R G B R G B …, top row first. Valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was given back.</exception>
    public Span<byte> Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_rented is null, this);
            return _rented.AsSpan(0, ByteCount);
        }
    }

    /// <summary>Rents a buffer whose contents are undefined.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or the picture needs more than 2 GiB.</exception>
    public static PixelBuffer Rent(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)width * height * BytesPerPixel, Array.MaxLength, nameof(height));
        return new PixelBuffer(width, height, ArrayPool<byte>.Shared.Rent(width * height * BytesPerPixel));
    }

    /// <summary>Rents a buffer and fills it from <paramref name="rgb"/>, which must hold exactly 3 × width × height bytes.</summary>
    /// <param name="rgb">Interleaved RGB samples.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <exception cref="ArgumentException">The length does not fit the sides.</exception>
    public static PixelBuffer FromRgb(ReadOnlySpan<byte> rgb, int width, int height)
    {
        PixelBuffer buffer = Rent(width, height);
        if (rgb.Length != buffer.ByteCount)
        {
            int expected = buffer.ByteCount;
            buffer.Dispose();
            throw new ArgumentException($"{width}x{height} RGB needs {expected} bytes, got {rgb.Length}.", nameof(rgb));
        }

        rgb.CopyTo(buffer.Pixels);
        return buffer;
    }

    /// <summary>Clears the samples and gives the memory back. A second call does nothing.</summary>
    public void Dispose()
    {
        byte[]? rented = Interlocked.Exchange(ref _rented, null);
        if (rented is not null)
        {
            rented.AsSpan(0, ByteCount).Clear();
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
