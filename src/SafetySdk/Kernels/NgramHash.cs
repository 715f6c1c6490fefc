using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SafetySdk.Kernels;

/// <summary>Hashes of the character n-grams, n = 2 to 5, that begin at sixteen consecutive places of a text.</summary>
/// <remarks>
/// Words are split by single spaces. An n-gram of three to five characters counts where no space stands inside it; one of two where both
/// characters are of a script without spaces (U+0E00 and above). The hash multiplies and adds character by character and ends in a
/// multiplication of its own for each n, so that the n-grams of one place share their beginning. All widths give the same bits.
/// </remarks>
internal static unsafe class NgramHash
{
    /// <summary>Places that a call looks at.</summary>
    public const int Places = 16;

    /// <summary>Lengths that are hashed: 2, 3, 4 and 5.</summary>
    public const int Lengths = 4;

    /// <summary>Characters that are read beyond the first place.</summary>
    public const int Reach = Places + Lengths;

    /// <summary>First character of the scripts that write no space between words.</summary>
    public const char FirstUnspaced = '\u0E00';

    private const uint Seed = 0x811C9DC5;
    private const uint Step = 0x9E3779B1;
    private const uint Last2 = 0x85EBCA6B;
    private const uint Last3 = 0xC2B2AE35;
    private const uint Last4 = 0x27D4EB2F;
    private const uint Last5 = 0x165667B1;

    /// <summary>Hashes sixteen places.</summary>
    /// <param name="text">The first place; <see cref="Reach"/> characters must be readable.</param>
    /// <param name="shift">Bits that are dropped of each hash, so that 32 - shift are left.</param>
    /// <param name="hashes">Takes 64 hashes: those of two characters first.</param>
    /// <param name="masks">Takes four masks; bit n is set where the n-gram of place n counts.</param>
    public static void Hash(char* text, int shift, uint* hashes, uint* masks)
    {
        if (SimdWidth.Has512)
        {
            Hash512(text, shift, hashes, masks);
        }
        else if (SimdWidth.Has256)
        {
            Hash256(text, shift, hashes, masks);
        }
        else if (SimdWidth.Has128)
        {
            Hash128(text, shift, hashes, masks);
        }
        else
        {
            HashScalar(text, shift, hashes, masks);
        }
    }

    /// <summary>The definition.</summary>
    public static void HashScalar(char* text, int shift, uint* hashes, uint* masks)
    {
        masks[0] = masks[1] = masks[2] = masks[3] = 0;
        for (int i = 0; i < Places; i++, text++)
        {
            uint h = Next(Next(Seed, text[0]), text[1]);
            hashes[i] = End(h, Last2) >> shift;
            h = Next(h, text[2]);
            hashes[i + Places] = End(h, Last3) >> shift;
            h = Next(h, text[3]);
            hashes[i + (2 * Places)] = End(h, Last4) >> shift;
            h = Next(h, text[4]);
            hashes[i + (3 * Places)] = End(h, Last5) >> shift;
            uint bit = 1u << i;
            masks[0] |= text[0] >= FirstUnspaced && text[1] >= FirstUnspaced ? bit : 0;
            masks[1] |= text[1] != ' ' ? bit : 0;
            masks[2] |= text[1] != ' ' && text[2] != ' ' ? bit : 0;
            masks[3] |= text[1] != ' ' && text[2] != ' ' && text[3] != ' ' ? bit : 0;
        }
    }

    public static void Hash128(char* text, int shift, uint* hashes, uint* masks)
    {
        masks[0] = masks[1] = masks[2] = masks[3] = 0;
        for (int i = 0; i < Places; i += 4, text += 4, hashes += 4)
        {
            Vector128<uint> c0 = Load128(text);
            Vector128<uint> c1 = Load128(text + 1);
            Vector128<uint> c2 = Load128(text + 2);
            Vector128<uint> c3 = Load128(text + 3);
            Vector128<uint> h = ((Vector128.Create(Seed) ^ c0) * Step ^ c1) * Step;
            (End(h, Last2) >> shift).Store(hashes);
            h = (h ^ c2) * Step;
            (End(h, Last3) >> shift).Store(hashes + Places);
            h = (h ^ c3) * Step;
            (End(h, Last4) >> shift).Store(hashes + (2 * Places));
            h = (h ^ Load128(text + 4)) * Step;
            (End(h, Last5) >> shift).Store(hashes + (3 * Places));
            var space = Vector128.Create((uint)' ');
            Vector128<uint> no = Vector128.Equals(c1, space);
            uint unspaced = Vector128.GreaterThanOrEqual(Vector128.Min(c0, c1), Vector128.Create((uint)FirstUnspaced)).ExtractMostSignificantBits();
            masks[0] |= unspaced << i;
            masks[1] |= (~no.ExtractMostSignificantBits() & 0xF) << i;
            no |= Vector128.Equals(c2, space);
            masks[2] |= (~no.ExtractMostSignificantBits() & 0xF) << i;
            no |= Vector128.Equals(c3, space);
            masks[3] |= (~no.ExtractMostSignificantBits() & 0xF) << i;
        }
    }

    public static void Hash256(char* text, int shift, uint* hashes, uint* masks)
    {
        masks[0] = masks[1] = masks[2] = masks[3] = 0;
        for (int i = 0; i < Places; i += 8, text += 8, hashes += 8)
        {
            Vector256<uint> c0 = Load256(text);
            Vector256<uint> c1 = Load256(text + 1);
            Vector256<uint> c2 = Load256(text + 2);
            Vector256<uint> c3 = Load256(text + 3);
            Vector256<uint> h = ((Vector256.Create(Seed) ^ c0) * Step ^ c1) * Step;
            (End(h, Last2) >> shift).Store(hashes);
            h = (h ^ c2) * Step;
            (End(h, Last3) >> shift).Store(hashes + Places);
            h = (h ^ c3) * Step;
            (End(h, Last4) >> shift).Store(hashes + (2 * Places));
            h = (h ^ Load256(text + 4)) * Step;
            (End(h, Last5) >> shift).Store(hashes + (3 * Places));
            var space = Vector256.Create((uint)' ');
            Vector256<uint> no = Vector256.Equals(c1, space);
            uint unspaced = Vector256.GreaterThanOrEqual(Vector256.Min(c0, c1), Vector256.Create((uint)FirstUnspaced)).ExtractMostSignificantBits();
            masks[0] |= unspaced << i;
            masks[1] |= (~no.ExtractMostSignificantBits() & 0xFF) << i;
            no |= Vector256.Equals(c2, space);
            masks[2] |= (~no.ExtractMostSignificantBits() & 0xFF) << i;
            no |= Vector256.Equals(c3, space);
            masks[3] |= (~no.ExtractMostSignificantBits() & 0xFF) << i;
        }
    }

    public static void Hash512(char* text, int shift, uint* hashes, uint* masks)
    {
        Vector512<uint> c0 = Load512(text);
        Vector512<uint> c1 = Load512(text + 1);
        Vector512<uint> c2 = Load512(text + 2);
        Vector512<uint> c3 = Load512(text + 3);
        Vector512<uint> h = ((Vector512.Create(Seed) ^ c0) * Step ^ c1) * Step;
        (End(h, Last2) >> shift).Store(hashes);
        h = (h ^ c2) * Step;
        (End(h, Last3) >> shift).Store(hashes + Places);
        h = (h ^ c3) * Step;
        (End(h, Last4) >> shift).Store(hashes + (2 * Places));
        h = (h ^ Load512(text + 4)) * Step;
        (End(h, Last5) >> shift).Store(hashes + (3 * Places));
        var space = Vector512.Create((uint)' ');
        masks[0] = (uint)Vector512.GreaterThanOrEqual(Vector512.Min(c0, c1), Vector512.Create((uint)FirstUnspaced)).ExtractMostSignificantBits();
        uint word = (uint)~Vector512.Equals(c1, space).ExtractMostSignificantBits() & 0xFFFF;
        masks[1] = word;
        word &= (uint)~Vector512.Equals(c2, space).ExtractMostSignificantBits();
        masks[2] = word;
        word &= (uint)~Vector512.Equals(c3, space).ExtractMostSignificantBits();
        masks[3] = word;
    }

    /// <summary>Adds a character to the hash of a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Next(uint hash, char character) => (hash ^ character) * Step;

    /// <summary>The hash of a word of which every character was added to <see cref="Empty"/>.</summary>
    public static uint Word(uint hash) => End(hash, Last2);

    /// <summary>The hash of two words that follow one another, each by its <see cref="Word"/>.</summary>
    public static uint WordPair(uint first, uint second) => End(((first ^ (first >> 13)) * Step) ^ second, Last3);

    /// <summary>The hash of no character.</summary>
    public static uint Empty => Seed;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint End(uint hash, uint last) => (hash ^ (hash >> 15)) * last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> End(Vector128<uint> hash, uint last) => (hash ^ (hash >> 15)) * last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> End(Vector256<uint> hash, uint last) => (hash ^ (hash >> 15)) * last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> End(Vector512<uint> hash, uint last) => (hash ^ (hash >> 15)) * last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Load128(char* text) => Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)text).AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Load256(char* text)
    {
        Vector128<ushort> characters = Vector128.Load((ushort*)text);
        return Vector256.Create(Vector128.WidenLower(characters), Vector128.WidenUpper(characters));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Load512(char* text)
    {
        Vector256<ushort> characters = Vector256.Load((ushort*)text);
        return Vector512.Create(Vector256.WidenLower(characters), Vector256.WidenUpper(characters));
    }
}
