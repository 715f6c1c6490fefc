using System.Buffers;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>
/// Characters with, for each, the stretch of the source text it came from. Buffers are pooled and cleared when given back,
/// as they hold what a user wrote. Not thread-safe.
/// </summary>
internal sealed class MappedText : IDisposable
{
    private char[] _characters;
    private int[] _starts;
    private int[] _ends;
    private byte[] _joined;

    public MappedText(int capacity)
    {
        capacity = Math.Max(capacity, 16);
        _characters = ArrayPool<char>.Shared.Rent(capacity);
        _starts = ArrayPool<int>.Shared.Rent(capacity);
        _ends = ArrayPool<int>.Shared.Rent(capacity);
        _joined = ArrayPool<byte>.Shared.Rent(capacity);
    }

    public int Length { get; private set; }

    public ReadOnlySpan<char> Characters => _characters.AsSpan(0, Length);

    /// <summary>1 where the character was one of several split by a separator, as in <c>b.o.m.b</c>; else 0.</summary>
    public ReadOnlySpan<byte> Joined => _joined.AsSpan(0, Length);

    public int Start(int index) => _starts[index];

    public int End(int index) => _ends[index];

    public void Append(char character, int start, int end, bool joined = false)
    {
        if (Length == _characters.Length || Length == _starts.Length || Length == _ends.Length || Length == _joined.Length)
        {
            Grow();
        }

        _characters[Length] = character;
        _starts[Length] = start;
        _ends[Length] = end;
        _joined[Length] = joined ? (byte)1 : (byte)0;
        Length++;
    }

    /// <summary>Replaces the last character; its span then reaches to <paramref name="end"/>.</summary>
    public void ReplaceLast(char character, int end)
    {
        _characters[Length - 1] = character;
        _ends[Length - 1] = Math.Max(_ends[Length - 1], end);
    }

    /// <summary>The stretch of the source text that the characters from start to end (exclusive, at least one) came from.</summary>
    public TextSpan Source(int start, int end)
    {
        int first = int.MaxValue;
        int last = 0;
        for (int i = start; i < end; i++)
        {
            first = Math.Min(first, _starts[i]);
            last = Math.Max(last, _ends[i]);
        }

        return new TextSpan(first, last - first);
    }

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(_characters, clearArray: true);
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<byte>.Shared.Return(_joined);
        _characters = [];
        _starts = [];
        _ends = [];
        _joined = [];
        Length = 0;
    }

    private void Grow()
    {
        int capacity = Math.Max(Length * 2, 16);
        _characters = Grow(_characters, capacity, clear: true);
        _starts = Grow(_starts, capacity, clear: false);
        _ends = Grow(_ends, capacity, clear: false);
        _joined = Grow(_joined, capacity, clear: false);
    }

    private T[] Grow<T>(T[] array, int capacity, bool clear)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(capacity);
        array.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array, clear);
        return larger;
    }
}
