using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SafetySdk.Kernels;

/// <summary>What 64 UTF-16 units of text are, a bit for each, the first in the lowest bit.</summary>
/// <param name="Letters">ASCII letters.</param>
/// <param name="Digits">ASCII digits.</param>
/// <param name="Quiet">Letters, digits and the signs that only part words: space, line feed and <c>, . ; : ' " ? ! ( ) -</c>.</param>
/// <param name="Repeats">Letters that the next unit repeats in either case.</param>
/// <param name="Exclamations">Exclamation marks.</param>
internal readonly record struct AsciiBlock(ulong Letters, ulong Digits, ulong Quiet, ulong Repeats, ulong Exclamations);

/// <summary>Lower-cases ASCII text and says where its letters and digits are, 64 units at a time. All forms give the same.</summary>
internal static class AsciiWords
{
    /// <summary>Units of a block.</summary>
    public const int BlockLength = 64;

    private const string QuietSigns = " \n,.;:'\"?!()-";

    /// <summary>Reads a block.</summary>
    /// <param name="source">65 units: the block and the one that follows it.</param>
    /// <param name="lower">Receives 64 units, ASCII capitals made small.</param>
    public static AsciiBlock Read(ReadOnlySpan<char> source, Span<char> lower)
    {
        _ = source[BlockLength];
        _ = lower[BlockLength - 1];
        return SimdWidth.Has512 ? Read512(source, lower) : SimdWidth.Has256 ? Read256(source, lower)
            : SimdWidth.Has128 ? Read128(source, lower) : ReadScalar(source, lower);
    }

    /// <summary>The definition.</summary>
    internal static AsciiBlock ReadScalar(ReadOnlySpan<char> source, Span<char> lower)
    {
        ulong letters = 0;
        ulong digits = 0;
        ulong quiet = 0;
        ulong repeats = 0;
        ulong exclamations = 0;
        for (int i = 0; i < BlockLength; i++)
        {
            char unit = source[i];
            ulong bit = 1UL << i;
            bool letter = char.IsAsciiLetter(unit);
            bool digit = char.IsAsciiDigit(unit);
            letters |= letter ? bit : 0;
            digits |= digit ? bit : 0;
            quiet |= letter || digit || QuietSigns.Contains(unit, StringComparison.Ordinal) ? bit : 0;
            repeats |= letter && (unit | 0x20) == (source[i + 1] | 0x20) ? bit : 0;
            exclamations |= unit == '!' ? bit : 0;
            lower[i] = char.IsAsciiLetterUpper(unit) ? (char)(unit | 0x20) : unit;
        }

        return new AsciiBlock(letters, digits, quiet, repeats, exclamations);
    }

    internal static AsciiBlock Read128(ReadOnlySpan<char> source, Span<char> lower)
    {
        ref ushort from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(source));
        ref ushort to = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(lower));
        (ulong letters, ulong digits, ulong quiet, ulong repeats, ulong exclamations) = (0, 0, 0, 0, 0);
        for (int i = 0; i < BlockLength; i += 8)
        {
            var units = Vector128.LoadUnsafe(ref from, (nuint)i);
            var next = Vector128.LoadUnsafe(ref from, (nuint)i + 1);
            Vector128<ushort> small = units | Vector128.Create((ushort)0x20);
            Vector128<ushort> letter = Vector128.LessThan(small - Vector128.Create((ushort)'a'), Vector128.Create((ushort)26));
            Vector128<ushort> digit = Vector128.LessThan(units - Vector128.Create((ushort)'0'), Vector128.Create((ushort)10));
            Vector128<ushort> exclamation = Vector128.Equals(units, Vector128.Create((ushort)'!'));
            Vector128<ushort> sign = exclamation
                | Vector128.Equals(units, Vector128.Create((ushort)' ')) | Vector128.Equals(units, Vector128.Create((ushort)'\n'))
                | Vector128.Equals(units, Vector128.Create((ushort)',')) | Vector128.Equals(units, Vector128.Create((ushort)'.'))
                | Vector128.Equals(units, Vector128.Create((ushort)'-')) | Vector128.Equals(units, Vector128.Create((ushort)'"'))
                | Vector128.LessThan(units - Vector128.Create((ushort)'\''), Vector128.Create((ushort)3))
                | Vector128.LessThan(units - Vector128.Create((ushort)':'), Vector128.Create((ushort)2))
                | Vector128.Equals(units, Vector128.Create((ushort)'?'));
            Vector128<ushort> repeat = letter & Vector128.Equals(small, next | Vector128.Create((ushort)0x20));
            Vector128.ConditionalSelect(letter, small, units).StoreUnsafe(ref to, (nuint)i);
            letters |= (ulong)letter.ExtractMostSignificantBits() << i;
            digits |= (ulong)digit.ExtractMostSignificantBits() << i;
            quiet |= (ulong)(letter | digit | sign).ExtractMostSignificantBits() << i;
            repeats |= (ulong)repeat.ExtractMostSignificantBits() << i;
            exclamations |= (ulong)exclamation.ExtractMostSignificantBits() << i;
        }

        return new AsciiBlock(letters, digits, quiet, repeats, exclamations);
    }

    internal static AsciiBlock Read256(ReadOnlySpan<char> source, Span<char> lower)
    {
        ref ushort from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(source));
        ref ushort to = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(lower));
        (ulong letters, ulong digits, ulong quiet, ulong repeats, ulong exclamations) = (0, 0, 0, 0, 0);
        for (int i = 0; i < BlockLength; i += 16)
        {
            var units = Vector256.LoadUnsafe(ref from, (nuint)i);
            var next = Vector256.LoadUnsafe(ref from, (nuint)i + 1);
            Vector256<ushort> small = units | Vector256.Create((ushort)0x20);
            Vector256<ushort> letter = Vector256.LessThan(small - Vector256.Create((ushort)'a'), Vector256.Create((ushort)26));
            Vector256<ushort> digit = Vector256.LessThan(units - Vector256.Create((ushort)'0'), Vector256.Create((ushort)10));
            Vector256<ushort> exclamation = Vector256.Equals(units, Vector256.Create((ushort)'!'));
            Vector256<ushort> sign = exclamation
                | Vector256.Equals(units, Vector256.Create((ushort)' ')) | Vector256.Equals(units, Vector256.Create((ushort)'\n'))
                | Vector256.Equals(units, Vector256.Create((ushort)',')) | Vector256.Equals(units, Vector256.Create((ushort)'.'))
                | Vector256.Equals(units, Vector256.Create((ushort)'-')) | Vector256.Equals(units, Vector256.Create((ushort)'"'))
                | Vector256.LessThan(units - Vector256.Create((ushort)'\''), Vector256.Create((ushort)3))
                | Vector256.LessThan(units - Vector256.Create((ushort)':'), Vector256.Create((ushort)2))
                | Vector256.Equals(units, Vector256.Create((ushort)'?'));
            Vector256<ushort> repeat = letter & Vector256.Equals(small, next | Vector256.Create((ushort)0x20));
            Vector256.ConditionalSelect(letter, small, units).StoreUnsafe(ref to, (nuint)i);
            letters |= (ulong)letter.ExtractMostSignificantBits() << i;
            digits |= (ulong)digit.ExtractMostSignificantBits() << i;
            quiet |= (ulong)(letter | digit | sign).ExtractMostSignificantBits() << i;
            repeats |= (ulong)repeat.ExtractMostSignificantBits() << i;
            exclamations |= (ulong)exclamation.ExtractMostSignificantBits() << i;
        }

        return new AsciiBlock(letters, digits, quiet, repeats, exclamations);
    }

    internal static AsciiBlock Read512(ReadOnlySpan<char> source, Span<char> lower)
    {
        ref ushort from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(source));
        ref ushort to = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(lower));
        (ulong letters, ulong digits, ulong quiet, ulong repeats, ulong exclamations) = (0, 0, 0, 0, 0);
        for (int i = 0; i < BlockLength; i += 32)
        {
            var units = Vector512.LoadUnsafe(ref from, (nuint)i);
            var next = Vector512.LoadUnsafe(ref from, (nuint)i + 1);
            Vector512<ushort> small = units | Vector512.Create((ushort)0x20);
            Vector512<ushort> letter = Vector512.LessThan(small - Vector512.Create((ushort)'a'), Vector512.Create((ushort)26));
            Vector512<ushort> digit = Vector512.LessThan(units - Vector512.Create((ushort)'0'), Vector512.Create((ushort)10));
            Vector512<ushort> exclamation = Vector512.Equals(units, Vector512.Create((ushort)'!'));
            Vector512<ushort> sign = exclamation
                | Vector512.Equals(units, Vector512.Create((ushort)' ')) | Vector512.Equals(units, Vector512.Create((ushort)'\n'))
                | Vector512.Equals(units, Vector512.Create((ushort)',')) | Vector512.Equals(units, Vector512.Create((ushort)'.'))
                | Vector512.Equals(units, Vector512.Create((ushort)'-')) | Vector512.Equals(units, Vector512.Create((ushort)'"'))
                | Vector512.LessThan(units - Vector512.Create((ushort)'\''), Vector512.Create((ushort)3))
                | Vector512.LessThan(units - Vector512.Create((ushort)':'), Vector512.Create((ushort)2))
                | Vector512.Equals(units, Vector512.Create((ushort)'?'));
            Vector512<ushort> repeat = letter & Vector512.Equals(small, next | Vector512.Create((ushort)0x20));
            Vector512.ConditionalSelect(letter, small, units).StoreUnsafe(ref to, (nuint)i);
            letters |= (ulong)letter.ExtractMostSignificantBits() << i;
            digits |= (ulong)digit.ExtractMostSignificantBits() << i;
            quiet |= (ulong)(letter | digit | sign).ExtractMostSignificantBits() << i;
            repeats |= (ulong)repeat.ExtractMostSignificantBits() << i;
            exclamations |= (ulong)exclamation.ExtractMostSignificantBits() << i;
        }

        return new AsciiBlock(letters, digits, quiet, repeats, exclamations);
    }
}
