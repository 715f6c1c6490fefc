namespace SafetySdk.Images;

/// <summary>
/// Turns untrusted bytes into 8-bit RGB as a person sees it: EXIF orientation applied, alpha composited over white, grey and palette
/// expanded, 16 bit reduced by <c>v &gt;&gt; 8</c>, CMYK by the inverted Adobe convention. <see cref="DecodeOptions"/> changes what can be
/// changed of that.
/// </summary>
/// <remarks>
/// Implementations are thread-safe. Every failure caused by the bytes is an <see cref="ImageException"/>. Limits are judged from the header
/// by <see cref="ImageHeaderReader"/>, before a codec sees the bytes and before a pixel buffer exists.
/// </remarks>
public interface IImageDecoder
{
    /// <summary>Name of the decoder, for verdicts and error messages.</summary>
    string Name { get; }

    /// <summary>Version of the decoder library.</summary>
    string Version { get; }

    /// <summary>Reads the header and judges it by the limits; decodes nothing.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How the picture would be decoded.</param>
    /// <returns>
    /// What <see cref="Decode"/> would report, but for what only decoding shows: a profile's use stays
    /// <see cref="ColourProfileUse.NotApplied"/>, and damage is seen only where the data ends early.
    /// </returns>
    /// <exception cref="ImageException">The bytes are not an allowed picture, or a limit would be exceeded.</exception>
    ImageInfo ReadInfo(ReadOnlySpan<byte> encoded, DecodeOptions options);

    /// <summary>Decodes the picture; of an animation, the first frame on its canvas.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="cancellationToken">Looked at between strips of rows.</param>
    /// <returns>The picture as displayed; the caller disposes it.</returns>
    /// <exception cref="ImageException">The bytes are not an allowed picture, a limit would be exceeded, or the data is truncated or
    /// damaged.</exception>
    DecodedImage Decode(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default);

    /// <summary>Decodes the picture row by row, so that it need not be held whole.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="receiver">
    /// Takes the rows, on the calling thread. After an exception it may have received a part of them. It must not decode another picture:
    /// implementations bound how many decode at a time.
    /// </param>
    /// <param name="cancellationToken">Looked at between strips of rows.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ImageException">As <see cref="Decode"/>.</exception>
    ImageInfo DecodeRows(
        ReadOnlySpan<byte> encoded, DecodeOptions options, IImageRowReceiver receiver, CancellationToken cancellationToken = default);

    /// <summary>
    /// Decodes frames of an animation, each composed on its canvas, at most <see cref="DecodeOptions.MaxFrames"/>; of any other picture the
    /// one that there is. Of an animated PNG or AVIF only the first, which <see cref="ImageInfo.Frames"/> tells.
    /// </summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="cancellationToken">Looked at between strips of rows.</param>
    /// <returns>
    /// The frames as displayed; the caller disposes them. Of a damaged animation, with <see cref="DecodeOptions.AllowTruncated"/>, those
    /// before the damage.
    /// </returns>
    /// <exception cref="ImageException">As <see cref="Decode"/>; also where the frames together exceed
    /// <see cref="ImageLimits.MaxDecodedBytes"/>: ask for fewer.</exception>
    DecodedFrames DecodeFrames(ReadOnlySpan<byte> encoded, DecodeOptions options, CancellationToken cancellationToken = default);
}
