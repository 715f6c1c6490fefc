using System.Runtime.InteropServices;

namespace SafetySdk.PeerBenchmarks;

/// <summary>The system's libjpeg-turbo through its TurboJPEG interface; Debian's package libturbojpeg0.</summary>
internal sealed unsafe class TurboJpegPeer
{
    private const int Rgb = 0, AccurateTransform = 4096;

    private readonly nint _decompressor;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, int, int, int, int, int, int> _decompress;

    public TurboJpegPeer()
    {
        if (!NativeLibrary.TryLoad("libturbojpeg.so.0", out nint handle))
        {
            throw new MissingPeerException("libturbojpeg0 is not installed");
        }

        var create = (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(handle, "tjInitDecompress");
        _decompress = (delegate* unmanaged[Cdecl]<nint, byte*, nuint, byte*, int, int, int, int, int, int>)
            NativeLibrary.GetExport(handle, "tjDecompress2");
        _decompressor = create();
    }

    /// <summary>Decodes the whole picture at its full size into a buffer of the caller's.</summary>
    public void Decode(ReadOnlySpan<byte> encoded, Span<byte> rgb)
    {
        fixed (byte* source = encoded, destination = rgb)
        {
            // Sides of 0: those of the file; its size is known to fit from the reference pixels.
            if (_decompress(_decompressor, source, (nuint)encoded.Length, destination, 0, 0, 0, Rgb, AccurateTransform) != 0)
            {
                throw new WrongAnswerException("libjpeg-turbo failed to decode");
            }
        }
    }
}
