namespace SafetySdk.Images;

/// <summary>Rows that a decoder is about to deliver.</summary>
/// <param name="Width">Width of a row, pixels: as stored, or less where a JPEG is decoded smaller. Orientation is the receiver's work.</param>
/// <param name="Height">How many rows.</param>
/// <param name="Orientation">
/// EXIF orientation 1–8 to apply; 1 where the options say to ignore it. A codec that cannot but turn (libheif) gives turned rows, and here
/// what is left to do.
/// </param>
public readonly record struct ImageRowFormat(int Width, int Height, int Orientation)
{
    /// <summary>Width as displayed, pixels.</summary>
    public int DisplayedWidth => Orientation >= 5 ? Height : Width;

    /// <summary>Height as displayed, pixels.</summary>
    public int DisplayedHeight => Orientation >= 5 ? Width : Height;
}

/// <summary>Takes the rows of a picture while it is decoded, so that it need not be held whole.</summary>
/// <remarks>Called by one thread at a time. What it throws ends the decoding and reaches the caller.</remarks>
public interface IImageRowReceiver
{
    /// <summary>Rows a strip has at least, and a multiple of which every strip has but the last.</summary>
    const int StripRows = 16;

    /// <summary>Called once, before the first strip.</summary>
    /// <param name="format">What will be delivered.</param>
    void Begin(ImageRowFormat format);

    /// <summary>Takes the next strip; strips come from top to bottom without a gap.</summary>
    /// <param name="rgb">8-bit RGB of full stored rows without padding, 3 × width × <paramref name="count"/> bytes; valid during the
    /// call.</param>
    /// <param name="top">First of them; a multiple of <see cref="StripRows"/>.</param>
    /// <param name="count">How many; a multiple of <see cref="StripRows"/>, but fewer at the end of the picture.</param>
    void Receive(ReadOnlySpan<byte> rgb, int top, int count);
}
