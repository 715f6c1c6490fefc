using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SafetySdk.Prompts;

/// <summary>
/// Passes over words that begin no phrase, by their first four characters: a bit for each hash of four. It may let a word through, never
/// keep one back. Immutable, thread-safe.
/// </summary>
internal sealed class WordFilter
{
    private const int Window = 4;
    private const int Bits = 18;
    private readonly ulong[] _beginnings;

    private WordFilter(ulong[] beginnings) => _beginnings = beginnings;

    /// <summary>A filter, or null where some phrase may begin inside a word or is too short to tell.</summary>
    public static WordFilter? Create(IReadOnlyList<string> phrases, Func<int, bool> openStart, Func<int, bool> openEnd)
    {
        var beginnings = new ulong[1 << (Bits - 6)];
        for (int i = 0; i < phrases.Count; i++)
        {
            string phrase = phrases[i];
            if (openStart(i) || (phrase.Length < Window && openEnd(i)))
            {
                return null;
            }

            ReadOnlySpan<char> first = phrase.AsSpan(0, Math.Min(Window, phrase.Length));
            foreach (char character in first)
            {
                if (!char.IsAscii(character))
                {
                    first = [];
                    break;
                }
            }

            if (!first.IsEmpty)
            {
                // A short phrase that ends a word is followed by the end of it, and by anything after.
                foreach (ulong key in Keys(first))
                {
                    int hash = Hash(key);
                    beginnings[hash >> 6] |= 1UL << (hash & 63);
                }
            }
        }

        return new WordFilter(beginnings);
    }

    /// <summary>The first word start at or after a position where a phrase may begin; the length of the text where there is none.</summary>
    /// <param name="text">Normalised text.</param>
    /// <param name="from">A word start, or a character to look behind.</param>
    public int Next(ReadOnlySpan<char> text, int from)
    {
        if (from < text.Length && (from == 0 || text[from - 1] is ' ' or '\n') && MayBegin(text, from))
        {
            return from;
        }

        ref ushort units = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        int at = from;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; at <= text.Length - (2 * Vector256<ushort>.Count); at += 2 * Vector256<ushort>.Count)
            {
                var low = Vector256.LoadUnsafe(ref units, (nuint)at);
                var high = Vector256.LoadUnsafe(ref units, (nuint)(at + Vector256<ushort>.Count));
                uint breaks = Breaks(low) | (Breaks(high) << Vector256<ushort>.Count);
                for (; breaks != 0; breaks &= breaks - 1)
                {
                    int found = at + BitOperations.TrailingZeroCount(breaks);
                    int start = char.IsAscii(text[found]) ? found + 1 : found;
                    if (start < text.Length && (start == found || MayBegin(text, start)))
                    {
                        return start;
                    }
                }
            }
        }

        for (; at < text.Length; at++)
        {
            char character = text[at];
            if (!char.IsAscii(character))
            {
                return at;
            }

            if (character is ' ' or '\n' && at + 1 < text.Length && MayBegin(text, at + 1))
            {
                return at + 1;
            }
        }

        return text.Length;
    }

    // Spaces, line feeds, and whatever is not ASCII: there any character may begin a word.
    private static uint Breaks(Vector256<ushort> units)
        => (Vector256.Equals(units, Vector256.Create((ushort)' ')) | Vector256.Equals(units, Vector256.Create((ushort)'\n'))
            | Vector256.GreaterThan(units, Vector256.Create((ushort)0x7F))).ExtractMostSignificantBits();

    private bool MayBegin(ReadOnlySpan<char> text, int at)
    {
        if (at + Window > text.Length)
        {
            return true;
        }

        ulong key = Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref MemoryMarshal.GetReference(text), at)));
        if ((key & 0xFF80_FF80_FF80_FF80) != 0)
        {
            return true;
        }

        int hash = Hash(key);
        return (_beginnings[hash >> 6] & (1UL << (hash & 63))) != 0;
    }

    private static int Hash(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15) >> (64 - Bits));

    private static IEnumerable<ulong> Keys(ReadOnlySpan<char> first)
    {
        ulong key = 0;
        for (int i = 0; i < first.Length; i++)
        {
            key |= (ulong)first[i] << (16 * i);
        }

        return first.Length == Window ? [key] : Fill(key, first.Length);
    }

    private static IEnumerable<ulong> Fill(ulong key, int length)
    {
        foreach (char end in " \n")
        {
            ulong ended = key | ((ulong)end << (16 * length));
            if (length + 1 == Window)
            {
                yield return ended;
                continue;
            }

            for (int next = 0; next < 0x80; next++)
            {
                ulong followed = ended | ((ulong)next << (16 * (length + 1)));
                if (length + 2 == Window)
                {
                    yield return followed;
                    continue;
                }

                for (int last = 0; last < 0x80; last++)
                {
                    yield return followed | ((ulong)last << (16 * (length + 2)));
                }
            }
        }
    }
}
