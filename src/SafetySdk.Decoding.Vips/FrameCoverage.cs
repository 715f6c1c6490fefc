using System.Buffers;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips;

/// <summary>
/// Which pixels of the canvas the frames up to a given one have drawn. What none has drawn, or what was cleared since, is transparent to a
/// viewer, while codecs give black or a background colour there unless some frame declares transparency.
/// </summary>
internal sealed class FrameCoverage : IDisposable
{
    private readonly int _width;
    private readonly int _height;
    private readonly IReadOnlyList<ImageFrame> _frames;
    private byte[] _drawn;
    private int _current;

    private FrameCoverage(int width, int height, IReadOnlyList<ImageFrame> frames)
    {
        _width = width;
        _height = height;
        _frames = frames;
        _drawn = ArrayPool<byte>.Shared.Rent(width * height);
        _drawn.AsSpan(0, width * height).Clear();
    }

    /// <summary>Null where every frame shows the whole canvas.</summary>
    public static FrameCoverage? Create(int width, int height, IReadOnlyList<ImageFrame> frames)
        => frames[0] is { Left: 0, Top: 0 } first && first.Width >= width && first.Height >= height && first.Disposal == FrameDisposal.Keep
            && frames.All(f => f.Disposal != FrameDisposal.Clear)
            ? null
            : new FrameCoverage(width, height, frames);

    /// <summary>Goes on to a frame; frames come in ascending order.</summary>
    public void MoveTo(int frame)
    {
        for (; _current < Math.Min(frame, _frames.Count); _current++)
        {
            if (_frames[_current].Disposal != FrameDisposal.Restore)
            {
                Mark(_frames[_current], drawn: _frames[_current].Disposal == FrameDisposal.Keep);
            }
        }
    }

    /// <summary>Fills what is not drawn with the background.</summary>
    /// <param name="rgb">Whole rows.</param>
    /// <param name="top">First of them.</param>
    /// <param name="converter">Knows the background.</param>
    public void Clear(Span<byte> rgb, int top, RowConverter converter)
    {
        ImageFrame frame = _current < _frames.Count ? _frames[_current] : default;
        for (int row = 0; row * _width * 3 < rgb.Length; row++)
        {
            Span<byte> target = rgb.Slice(row * _width * 3, _width * 3);
            ReadOnlySpan<byte> drawn = _drawn.AsSpan((top + row) * _width, _width);
            bool isInFrame = top + row >= frame.Top && top + row < (long)frame.Top + frame.Height;
            for (int x = 0; x < _width; x++)
            {
                if (drawn[x] == 0 && !(isInFrame && x >= frame.Left && x < (long)frame.Left + frame.Width))
                {
                    converter.FillBackground(target.Slice(3 * x, 3));
                }
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_drawn);
        _drawn = [];
    }

    private void Mark(ImageFrame frame, bool drawn)
    {
        int left = Math.Min(frame.Left, _width), width = Math.Min(frame.Width, _width - left);
        int bottom = (int)Math.Min((long)frame.Top + frame.Height, _height);
        for (int y = frame.Top; y < bottom; y++)
        {
            _drawn.AsSpan((y * _width) + left, width).Fill(drawn ? (byte)1 : (byte)0);
        }
    }
}
