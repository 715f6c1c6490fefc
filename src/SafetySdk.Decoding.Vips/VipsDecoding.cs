using System.Diagnostics;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>The decoding of one file: opens it, delivers its rows and watches clock and cancellation. Used by one thread.</summary>
internal sealed unsafe class VipsDecoding(
    VipsLibrary vips, byte* encoded, int length, ImageHeader header, DecodeOptions options, CancellationToken cancellationToken)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private ImageInfo _info = header.ToInfo(options);
    private int _delivered;

    /// <summary>Delivers the picture, of an animation the first frame.</summary>
    public ImageInfo DeliverRows(IImageRowReceiver receiver)
    {
        ImageRowFormat format = header.RowsFor(options);
        receiver.Begin(format);
        if (header.IsComplete)
        {
            ImageException? damage = TryDeliver(receiver, format, lenient: false);
            if (damage is null)
            {
                return _info;
            }

            if (!options.AllowTruncated || damage.Error != ImageError.Corrupt)
            {
                throw damage;
            }

            vips.ErrorClear();
        }

        _info = _info with { IsDamaged = true };
        return TryDeliver(receiver, format, lenient: true) is { } hopeless ? throw hopeless : _info;
    }

    // Goes on behind the rows that were delivered: up to the damage, a lenient codec gives the same rows as a strict one.
    private ImageException? TryDeliver(IImageRowReceiver receiver, ImageRowFormat format, bool lenient)
    {
        VipsImage image;
        StripReader strips;
        try
        {
            image = Open(lenient, allFrames: false);
        }
        catch (ImageException e)
        {
            return header.IsComplete ? e : Hopeless(0, format.Height);
        }

        using (image)
        {
            try
            {
                strips = new StripReader(image, header, options);
            }
            catch (ImageException e)
            {
                return e;
            }

            using (strips)
            {
                bool isReadable = true;
                for (int top = 0; top < format.Height; top += IImageRowReceiver.StripRows)
                {
                    Watch(top, format.Height);
                    int count = Math.Min(IImageRowReceiver.StripRows, format.Height - top);
                    bool isNew = top >= _delivered;
                    if (isReadable && !strips.Read(0, top, count, isNew ? receiver : null))
                    {
                        // What was shown of the picture may be nothing: then there is none.
                        if (!lenient || top == 0)
                        {
                            return Hopeless(top, format.Height);
                        }

                        isReadable = false;
                    }

                    if (!isReadable && isNew)
                    {
                        strips.Fill(top, count, receiver);
                    }

                    _delivered = Math.Max(_delivered, top + count);
                }
            }
        }

        return null;
    }

    private VipsImage Open(bool lenient, bool allFrames)
        => VipsImage.Open(vips, encoded, length, new VipsLoad(header.Format, lenient, header.ShrinkFactorFor(options), allFrames));

    private void Watch(int row, int rows)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Stopwatch.GetElapsedTime(_start) > options.Limits.MaxDecodeTime)
        {
            throw new ImageException(
                ImageError.TimedOut,
                $"Decoding took longer than {options.Limits.MaxDecodeTime.TotalSeconds:0.###} s; stopped at row {row} of {rows}.");
        }
    }

    private ImageException Hopeless(int top, int height) => header.IsComplete
        ? new ImageException(ImageError.Corrupt, $"The {header.Format} picture's data is damaged at or below row {top} of {height}.")
        : new ImageException(ImageError.Truncated, $"The {header.Format} picture ends at byte {length}, too early to show any of it.");
}
