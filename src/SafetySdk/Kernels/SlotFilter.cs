using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SafetySdk.Kernels;

/// <summary>Finds those of many 16-bit values that are near one: the filter of the multi-index search.</summary>
/// <remarks>
/// Bits of 16-bit lanes are counted by a look-up of both nibbles of each byte (pshufb) and one addition of the two bytes; the lanes within
/// the distance come out as a bit mask. Scalar equivalent: <see cref="BitOperations.PopCount(uint)"/> of the exclusive or.
/// </remarks>
internal static unsafe class SlotFilter
{
    /// <summary>Values that a call looks at; as many bytes may be read past the end.</summary>
    public const int Lanes = 32;

    /// <summary>A mask of the values within a distance of a needle.</summary>
    /// <param name="values">The values; all <see cref="Lanes"/> of them must be readable.</param>
    /// <param name="count">How many of them count, 1 to <see cref="Lanes"/>.</param>
    /// <param name="needle">What they are compared with.</param>
    /// <param name="distance">Most bits that may differ, 0 to 16.</param>
    /// <returns>Bit n is set where value n is near enough.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Near(ushort* values, int count, ushort needle, int distance)
    {
        uint near;
        if (SimdWidth.Has512)
        {
            Vector512<ushort> bits = Bits(Vector512.Load(values) ^ Vector512.Create(needle));
            near = (uint)Vector512.LessThanOrEqual(bits, Vector512.Create((ushort)distance)).ExtractMostSignificantBits();
        }
        else if (SimdWidth.Has256)
        {
            var limit = Vector256.Create((ushort)distance);
            Vector256<ushort> low = Bits(Vector256.Load(values) ^ Vector256.Create(needle));
            Vector256<ushort> high = Bits(Vector256.Load(values + 16) ^ Vector256.Create(needle));
            near = Vector256.LessThanOrEqual(low, limit).ExtractMostSignificantBits()
                | (Vector256.LessThanOrEqual(high, limit).ExtractMostSignificantBits() << 16);
        }
        else
        {
            return Plain(values, count, needle, distance);
        }

        return near & (uint.MaxValue >> (Lanes - count));
    }

    /// <summary>As <see cref="Near"/>, one value after the other.</summary>
    public static uint Plain(ushort* values, int count, ushort needle, int distance)
    {
        uint near = 0;
        for (int i = 0; i < count; i++)
        {
            near |= BitOperations.PopCount((uint)(values[i] ^ needle)) <= distance ? 1u << i : 0;
        }

        return near;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Bits(Vector512<ushort> value)
    {
        Vector128<byte> nibbles = HammingScan.NibbleBits();
        var table = Vector512.Create(Vector256.Create(nibbles, nibbles), Vector256.Create(nibbles, nibbles));
        var nibble = Vector512.Create((byte)0x0F);
        Vector512<byte> bytes = Avx512BW.Shuffle(table, value.AsByte() & nibble) + Avx512BW.Shuffle(table, (value >> 4).AsByte() & nibble);
        return (bytes.AsUInt16() + (bytes.AsUInt16() << 8)) >> 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Bits(Vector256<ushort> value)
    {
        Vector128<byte> nibbles = HammingScan.NibbleBits();
        var table = Vector256.Create(nibbles, nibbles);
        var nibble = Vector256.Create((byte)0x0F);
        Vector256<byte> bytes = Avx2.Shuffle(table, value.AsByte() & nibble) + Avx2.Shuffle(table, (value >> 4).AsByte() & nibble);
        return (bytes.AsUInt16() + (bytes.AsUInt16() << 8)) >> 8;
    }
}
