using SafetySdk.Kernels;

namespace SafetySdk.Tests.Kernels;

/// <summary>The kernels of the prompt model: every vector width gives what the definition gives.</summary>
public sealed unsafe class PromptKernelTests
{
    private delegate void HashForm(char* text, int shift, uint* hashes, uint* masks);

    private delegate void SumForm(sbyte* table, int* rows, int count, int* sums);

    private static readonly char[] Alphabet = [' ', ' ', 'a', 'z', '9', 'é', 'ж', '\u0DFF', '\u0E00', '\u4E2D', '\uD83D', '\uFFFF'];

    [Fact]
    public void Every_width_hashes_like_the_definition()
    {
        var random = new Random(1);
        HashForm[] forms = [.. Forms()];
        Assert.NotEmpty(forms);
        uint* expected = stackalloc uint[64];
        uint* masks = stackalloc uint[4];
        uint* found = stackalloc uint[64];
        uint* foundMasks = stackalloc uint[4];
        char* text = stackalloc char[NgramHash.Reach];
        for (int run = 0; run < 2000; run++)
        {
            for (int i = 0; i < NgramHash.Reach; i++)
            {
                text[i] = Alphabet[random.Next(Alphabet.Length)];
            }

            int shift = random.Next(12, 24);
            NgramHash.HashScalar(text, shift, expected, masks);
            foreach (HashForm form in forms)
            {
                form(text, shift, found, foundMasks);
                Assert.True(new Span<uint>(expected, 64).SequenceEqual(new Span<uint>(found, 64)));
                Assert.True(new Span<uint>(masks, 4).SequenceEqual(new Span<uint>(foundMasks, 4)));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(3000)]
    public void Every_width_adds_like_the_definition(int count)
    {
        var random = new Random(count);
        var table = new sbyte[64 * RowSum.Width];
        for (int i = 0; i < table.Length; i++)
        {
            // Extremes in the first rows: a sum of 256 of them is the most that 16 bits must hold.
            table[i] = i < 8 * RowSum.Width ? (i & 1) == 0 ? sbyte.MinValue : sbyte.MaxValue : (sbyte)random.Next(-128, 128);
        }

        int[] rows = [.. Enumerable.Range(0, count).Select(i => random.Next(count == 256 ? 8 : 64))];
        fixed (sbyte* pointer = table)
        fixed (int* chosen = rows)
        {
            int* expected = stackalloc int[RowSum.Width];
            int* found = stackalloc int[RowSum.Width];
            for (int k = 0; k < RowSum.Width; k++)
            {
                expected[k] = k;
            }

            foreach (int row in rows)
            {
                for (int k = 0; k < RowSum.Width; k++)
                {
                    expected[k] += table[(row * RowSum.Width) + k];
                }
            }

            foreach (SumForm form in Sums())
            {
                for (int k = 0; k < RowSum.Width; k++)
                {
                    found[k] = k;
                }

                form(pointer, chosen, count, found);
                Assert.True(new Span<int>(expected, RowSum.Width).SequenceEqual(new Span<int>(found, RowSum.Width)));
            }
        }
    }

    private static List<HashForm> Forms()
    {
        List<HashForm> forms = [NgramHash.Hash];
        if (SimdWidth.Has128)
        {
            forms.Add(NgramHash.Hash128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(NgramHash.Hash256);
        }

        if (SimdWidth.Has512)
        {
            forms.Add(NgramHash.Hash512);
        }

        return forms;
    }

    private static List<SumForm> Sums()
    {
        List<SumForm> forms = [RowSum.Add, RowSum.AddScalar];
        if (SimdWidth.Has128)
        {
            forms.Add(RowSum.Add128);
        }

        if (SimdWidth.Has256)
        {
            forms.Add(RowSum.Add256);
        }

        if (SimdWidth.Has512)
        {
            forms.Add(RowSum.Add512);
        }

        return forms;
    }
}
