using System.Diagnostics;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>The decoding of one file: opens it, delivers its rows and watches clock and cancellation. Used by one thread.</summary>
internal sealed unsafe class VipsDecoding(
    VipsLibrary vips, byte* encoded, int length, ImageHeader header, DecodeOptions options, CancellationToken cancellationToken)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ImageRowFormat _format = FormatOf(header, options);
    private ImageInfo _info = header.ToInfo(options);
    private int _delivered;

    /// <summary>Delivers the picture, of an animation the first frame.</summary>
    public ImageInfo DeliverRows(IImageRowReceiver receiver)
    {
        receiver.Begin(_format);
        if (header.IsComplete)
        {
            ImageException? damage = TryDeliver(receiver, lenient: false);
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
        return TryDeliver(receiver, lenient: true) is { } hopeless ? throw hopeless : _info;
    }

    /// <summary>Decodes frames, each whole.</summary>
    /// <param name="places">Where all frames lie.</param>
    public DecodedFrames DecodeFrames(IReadOnlyList<ImageFrame> places)
    {
        bool isAnimation = places.Count > 1;
        IReadOnlyList<int> wanted = DecodedFrames.Spread(places.Count, options.MaxFrames);
        long bytes = (long)PixelBuffer.BytesPerPixel * _format.Width * _format.Height * wanted.Count;
        if (bytes > options.Limits.MaxDecodedBytes)
        {
            throw new ImageException("bytes of all frames together", bytes, options.Limits.MaxDecodedBytes);
        }

        var frames = new List<DecodedFrame>(wanted.Count);
        bool isDone = false;
        try
        {
            if (!isAnimation)
            {
                using var picture = new DisplayedPicture();
                DeliverRows(picture);
                frames.Add(new DecodedFrame(0, picture.Take()));
            }
            else
            {
                DecodeFrames(places, wanted, frames);
            }

            isDone = true;
            return new DecodedFrames(_info, frames);
        }
        finally
        {
            for (int i = 0; !isDone && i < frames.Count; i++)
            {
                frames[i].Pixels.Dispose();
            }
        }
    }

    private void DecodeFrames(IReadOnlyList<ImageFrame> places, IReadOnlyList<int> wanted, List<DecodedFrame> frames)
    {
        ImageException? damage = header.IsComplete ? TryDecodeFrames(places, wanted, frames, lenient: false) : null;
        if (damage is not null && (!options.AllowTruncated || damage.Error != ImageError.Corrupt))
        {
            throw damage;
        }

        if (damage is not null || !header.IsComplete)
        {
            vips.ErrorClear();
            _info = _info with { IsDamaged = true };
            damage = TryDecodeFrames(places, [.. wanted.Skip(frames.Count)], frames, lenient: true);
            if (frames.Count == 0)
            {
                throw damage ?? Hopeless(0, _format.Height);
            }
        }
    }

    private ImageException? TryDecodeFrames(
        IReadOnlyList<ImageFrame> places, IReadOnlyList<int> wanted, List<DecodedFrame> frames, bool lenient)
    {
        try
        {
            using VipsImage image = Open(lenient, allFrames: true);
            using var strips = new StripReader(image, header, _format, options);
            using FrameCoverage? coverage = FrameCoverage.Create(_format.Width, _format.Height, places);
            strips.Coverage = coverage;
            int present = image.Height / image.FrameHeight, next = 0;
            foreach (int index in wanted)
            {
                if (index >= present)
                {
                    return new ImageException(ImageError.Corrupt, $"The {header.Format} animation shows {present} of {places.Count} frames.");
                }

                using var picture = new DisplayedPicture();
                picture.Begin(_format);
                for (; next <= index; next++)
                {
                    coverage?.MoveTo(next);
                    for (int top = 0; top < _format.Height; top += IImageRowReceiver.StripRows)
                    {
                        Watch(top, _format.Height);
                        int count = Math.Min(IImageRowReceiver.StripRows, _format.Height - top);
                        if (!strips.Read(next, top, count, next == index ? picture : null))
                        {
                            return new ImageException(ImageError.Corrupt, $"Frame {next} of the {header.Format} animation is damaged.");
                        }
                    }
                }

                frames.Add(new DecodedFrame(index, picture.Take()));
            }

            return null;
        }
        catch (ImageException e) when (e.Error is ImageError.Corrupt or ImageError.Unsupported)
        {
            return e;
        }
    }

    // Goes on behind the rows that were delivered: up to the damage, a lenient codec gives the same rows as a strict one.
    private ImageException? TryDeliver(IImageRowReceiver receiver, bool lenient)
    {
        VipsImage image;
        StripReader strips;
        try
        {
            image = Open(lenient, allFrames: false);
        }
        catch (ImageException e)
        {
            return header.IsComplete ? e : Hopeless(0, _format.Height);
        }

        using (image)
        {
            try
            {
                strips = new StripReader(image, header, _format, options);
            }
            catch (ImageException e)
            {
                return e;
            }

            using (strips)
            {
                bool isReadable = true;
                for (int top = 0; top < _format.Height; top += IImageRowReceiver.StripRows)
                {
                    Watch(top, _format.Height);
                    int count = Math.Min(IImageRowReceiver.StripRows, _format.Height - top);
                    bool isNew = top >= _delivered;
                    if (isReadable && !strips.Read(0, top, count, isNew ? receiver : null))
                    {
                        // What was shown of the picture may be nothing: then there is none.
                        if (!lenient || top == 0)
                        {
                            return Hopeless(top, _format.Height);
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
    {
        VipsImage image = VipsImage.Open(
            vips, encoded, length, new VipsLoad(header.Format, lenient, header.ShrinkFactorFor(options), allFrames));
        if (options.Colour == ColourTreatment.ToSrgb && _info.ColourProfile != ColourProfileUse.TooLarge)
        {
            ColourProfileUse use = image.ToSrgb(options.Limits.MaxMetadataBytes);

            // A codec that gives no profile although the file holds one has found it broken.
            _info = _info with
            {
                ColourProfile = use == ColourProfileUse.None && header.HasColourProfile ? ColourProfileUse.Broken : use,
            };
        }

        return image;
    }

    // libheif turns and mirrors by itself: then nothing is left to do, or to undo it.
    private static ImageRowFormat FormatOf(ImageHeader header, DecodeOptions options)
    {
        if (header.Format != ImageFormat.Avif)
        {
            return header.RowsFor(options);
        }

        int inverse = header.Orientation switch { 6 => 8, 8 => 6, int itself => itself };
        return new ImageRowFormat(
            header.SwapsSides ? header.StoredHeight : header.StoredWidth,
            header.SwapsSides ? header.StoredWidth : header.StoredHeight,
            options.Orientation == OrientationTreatment.Apply ? 1 : inverse);
    }

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
