using System.Buffers;
using SafetySdk.Classification;

namespace SafetySdk.Prompts;

/// <summary>
/// Characters with, for each, the stretch of the source text it came from. Buffers are pooled and cleared when given back,
/// as they hold what a user wrote. Not thread-safe.
/// </summary>
internal sealed class MappedText
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

    public int Capacity => _characters.Length;

    public ReadOnlySpan<char> Characters => _characters.AsSpan(0, Length);

    /// <summary>1 where the character was one of several split by a separator, as in <c>b.o.m.b</c>; else 0.</summary>
    public ReadOnlySpan<byte> Joined => _joined.AsSpan(0, Length);

    public int Start(int index) => _starts[index];

    public int End(int index) => _ends[index];

    public void Append(char character, int start, int end, bool joined = false)
    {
        if (Length == _characters.Length || Length == _starts.Length || Length == _ends.Length || Length == _joined.Length)
        {
            Grow(Length + 1);
        }

        _characters[Length] = character;
        _starts[Length] = start;
        _ends[Length] = end;
        _joined[Length] = joined ? (byte)1 : (byte)0;
        Length++;
    }

    /// <summary>Appends characters of another text with where they came from.</summary>
    public void Append(MappedText other, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            Append(other._characters[i], other._starts[i], other._ends[i], other._joined[i] != 0);
        }
    }

    /// <summary>Takes characters off the end.</summary>
    public void Truncate(int length)
    {
        _characters.AsSpan(length, Length - length).Clear();
        Length = length;
    }

    /// <summary>Makes it empty, and forgets what it held.</summary>
    public void Clear()
    {
        _characters.AsSpan(0, Length).Clear();
        Length = 0;
    }

    /// <summary>Appends characters that stand one after the other in the source text; the caller writes them.</summary>
    public Span<char> AppendRun(int count, int start)
    {
        while (Length + count > _characters.Length || Length + count > _starts.Length || Length + count > _ends.Length || Length + count > _joined.Length)
        {
            Grow(Length + count);
        }

        Span<int> starts = _starts.AsSpan(Length, count);
        Span<int> ends = _ends.AsSpan(Length, count);
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = start + i;
            ends[i] = start + i + 1;
        }

        _joined.AsSpan(Length, count).Clear();
        Length += count;
        return _characters.AsSpan(Length - count, count);
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

    public void Release()
    {
        Clear();
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

    private void Grow(int needed)
    {
        int capacity = Math.Max(Math.Max(Length * 2, needed), 16);
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
