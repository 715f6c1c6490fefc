using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace SafetySdk.Prompts;

/// <summary>
/// Folds compatibility forms and accented Latin letters to plain lower-case characters. It stands in for normalisation form KC,
/// which the runtime does not compute in invariant-globalisation mode (string.Normalize then returns its input).
/// Rows derive from the decompositions of the Unicode Character Database, version 14; small capitals, hooked and turned Latin
/// letters, which have no decomposition, are added. CJK compatibility ideographs are not folded.
/// </summary>
internal static class CompatibilityFold
{
    /// <summary>Most characters that one code point becomes.</summary>
    public const int MaxExpansion = 4;

    private const char None = '~';

    // First code point, then one character for it and each that follows; '~' where there is none.
    private static readonly (int First, string Folds)[] Rows =
    [
        (0x00A0, " ~~~~~~~ ~a~~~~ ~~23 ~~~ 1o~~~~~aaaaaa~ceeeeiiiidnooooo~ouuuuy~~aaaaaa~ceeeeiiiidnooooo~ouuuuy~yaaaa"
            + "aaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii~~jjkk~llllll~~llnnnnnn~nnoooooo~~rrrrrrsssssssstttttt"
            + "uuuuuuuuuuuuwwyyyzzzzzzsbb~~~~~cc~d~~~~~effg~~~ikkl~~nn~oo~~pp~~~~~ttt~uu~vyyzz"),
        (0x01CD, "aaiioouuuuuuuuuueaaaa~~~~ggkkoooo~~j~~~gg~~nnaa~~~~aaaaeeeeiiiioooorrrruuuusstt~~hh~~~~zzaaeeooooooo"
            + "oyy"),
        (0x0250, "aa~bc~~d~e~e~~~~ggg~~h~~iii~~~~m~mn~no~~~r~~~~r~r~~~~~~tt~~vvw~y~~~~~~~~~b~~h~kl"),
        (0x02B0, "h~jr~~~wy"),
        (0x1D00, "a~~~cd~e~~jk~m~o~~~~~~~~p~~tu~~~vwz~~~~~~~~~a~b~de~ghijklmn~o~prtuwa~~~bde~~~g~km~o~~~ptu~~v~~~~~~ir"
            + "uv"),
        (0x1D9C, "c~~~f"),
        (0x1DBB, "z"),
        (0x1E00, "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssss"
            + "ssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy~s~~~~aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee"
            + "iiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy"),
        (0x2017, " "),
        (0x2024, ".~~~~~~~~~~ "),
        (0x203E, " "),
        (0x205F, " "),
        (0x2070, "0i~~456789+~=()n0123456789+~=()~aeox~hklmnpst"),
        (0x2102, "c~~~~~~~ghhhh~iill~n~~~pqrrr~~~~~~z~~~z~kabc~eef~mo~~~~i~~~~~~~~~~~ddeij"),
        (0x2160, "i~~~v~~~~x~~lcdmi~~~v~~~~x~~lcdm"),
        (0x2460, "123456789~~~~~~~~~~~123456789~~~~~~~~~~~123456789~~~~~~~~~~~abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
            + "opqrstuvwxyzabcdefghijklmnopqrstuvwxyz0"),
        (0x2C7C, "jv"),
        (0xA730, "fs"),
        (0xA7F2, "cfq"),
    ];

    private static readonly FrozenDictionary<char, string> Multiple = ReadMultiple(
        "00C6=ae 00DE=th 00DF=ss 00E6=ae 00FE=th 0132=ij 0133=ij 0152=oe 0153=oe 01C4=dz 01C5=dz 01C6=dz 01C7=lj 01C8=lj "
        + "01C9=lj 01CA=nj 01CB=nj 01CC=nj 01F1=dz 01F2=dz 01F3=dz 1E9E=ss 2161=ii 2162=iii 2163=iv 2165=vi 2166=vii 2167=viii "
        + "2168=ix 216A=xi 216B=xii 2171=ii 2172=iii 2173=iv 2175=vi 2176=vii 2177=viii 2178=ix 217A=xi 217B=xii 2469=10 246A=11 "
        + "246B=12 246C=13 246D=14 246E=15 246F=16 2470=17 2471=18 2472=19 2473=20 247D=10 247E=11 247F=12 2480=13 2481=14 "
        + "2482=15 2483=16 2484=17 2485=18 2486=19 2487=20 2491=10 2492=11 2493=12 2494=13 2495=14 2496=15 2497=16 2498=17 "
        + "2499=18 249A=19 249B=20 FB00=ff FB01=fi FB02=fl FB03=ffi FB04=ffl FB05=st FB06=st ");

    // U+FF66 to U+FF9D, the half-width katakana.
    private const string HalfWidthKatakana = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

    // Letterlike symbols stand in for the holes of the mathematical alphabets; the alphabets themselves are regular.
    private const int MathematicalFirst = 0x1D400;
    private const int MathematicalLatinLast = 0x1D6A3;
    private const int MathematicalGreekFirst = 0x1D6A8;
    private const int MathematicalGreekLast = 0x1D7C9;
    private const int MathematicalDigitFirst = 0x1D7CE;
    private const int MathematicalLast = 0x1D7FF;

    private static readonly char[] Plane0 = BuildPlane0();

    /// <summary>Folds one code point outside ASCII.</summary>
    /// <param name="rune">The code point.</param>
    /// <param name="folded">Receives up to <see cref="MaxExpansion"/> characters.</param>
    /// <param name="disguise">Whether the form is one that ordinary text of any language hardly uses inside words.</param>
    /// <returns>Characters written; 0 where the code point has no fold.</returns>
    public static int Fold(Rune rune, Span<char> folded, out bool disguise)
    {
        int value = rune.Value;
        disguise = false;
        if (value < 0x10000)
        {
            char single = Plane0[value];
            if (single != 0)
            {
                disguise = value is >= 0x250 and < 0x300 or >= 0x1D00 and < 0x1E00 or >= 0x2070 and < 0x2500 or >= 0xA720 and < 0xA800
                    or >= 0xFF01 and <= 0xFF5E;
                folded[0] = single;
                return 1;
            }

            if (Multiple.TryGetValue((char)value, out string? several))
            {
                several.CopyTo(folded);
                return several.Length;
            }

            return 0;
        }

        char letter = FoldSupplementary(value);
        if (letter == 0)
        {
            return 0;
        }

        disguise = true;
        folded[0] = letter;
        return 1;
    }

    /// <summary>Whether a code point that folds to one Latin letter is the capital: full-width, mathematical, circled.</summary>
    public static bool IsCapital(int value) => value is >= 0xFF21 and <= 0xFF3A or >= 0x24B6 and <= 0x24CF
        || (value is >= MathematicalFirst and <= MathematicalLatinLast && (value - MathematicalFirst) % 52 < 26);

    private static char FoldSupplementary(int value) => value switch
    {
        >= MathematicalFirst and <= MathematicalLatinLast => (char)('a' + ((value - MathematicalFirst) % 26)),
        >= MathematicalGreekFirst and <= MathematicalGreekLast => MathematicalGreek((value - MathematicalGreekFirst) % 58),
        >= MathematicalDigitFirst and <= MathematicalLast => (char)('0' + ((value - MathematicalDigitFirst) % 10)),
        >= 0x1F110 and < 0x1F12A => (char)('a' + value - 0x1F110),
        >= 0x1F130 and < 0x1F14A => (char)('a' + value - 0x1F130),
        >= 0x1F150 and < 0x1F16A => (char)('a' + value - 0x1F150),
        >= 0x1F170 and < 0x1F18A => (char)('a' + value - 0x1F170),
        _ => '\0',
    };

    // Each block: 25 capitals from alpha (theta symbol at 17), nabla, 25 small letters, 7 symbols.
    private static char MathematicalGreek(int index) => index switch
    {
        < 25 when index != 17 => (char)(0x3B1 + index),
        > 25 and <= 50 => (char)(0x3B1 + index - 26),
        _ => '\0',
    };

    private static char[] BuildPlane0()
    {
        var table = new char[0x10000];
        foreach ((int first, string folds) in Rows)
        {
            for (int i = 0; i < folds.Length; i++)
            {
                if (folds[i] != None)
                {
                    table[first + i] = folds[i];
                }
            }
        }

        for (int i = 0xFF01; i <= 0xFF5E; i++)
        {
            table[i] = char.ToLowerInvariant((char)(i - 0xFEE0));
        }

        for (int i = 0; i < HalfWidthKatakana.Length; i++)
        {
            table[0xFF66 + i] = HalfWidthKatakana[i];
        }

        table[0x3000] = ' ';
        return table;
    }

    private static FrozenDictionary<char, string> ReadMultiple(string rows)
    {
        var result = new Dictionary<char, string>();
        foreach (string row in rows.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            result.Add((char)int.Parse(row.AsSpan(0, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture), row[5..]);
        }

        return result.ToFrozenDictionary();
    }
}
