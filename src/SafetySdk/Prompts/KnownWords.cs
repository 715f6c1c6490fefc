using System.Numerics;
using System.Text;

namespace SafetySdk.Prompts;

/// <summary>
/// The words that the lists are written with, and common words: what a disguised word can be meant for, and whether a stretch reads as
/// text. Words are kept as hashes. Immutable, thread-safe; questions allocate nothing.
/// </summary>
internal sealed class KnownWords
{
    /// <summary>Longest word that is known.</summary>
    public const int MaxLetters = 24;

    private const int Frequent = 120;
    private const int MinScrambled = 4;
    private const int MinPrefix = 4;
    private const ulong Seed = 0x9E3779B97F4A7C15;
    private const ulong Multiplier = 0xD6E8FEB86659FD93;
    private static readonly Lazy<KnownWords> Lazily = new(static () => new KnownWords());
    private static readonly string[] Files = ["words.", "phrases.", "terms.", "benign.", "artists.", "figures."];

    private readonly HashTable _words;
    private readonly HashTable _listed;
    private readonly HashTable _frequent;
    private readonly HashTable _prefixes;
    private readonly HashTable _scrambled;
    private readonly string[] _spellings;
    private readonly int[] _firstSpelling;

    private KnownWords()
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in Files)
        {
            foreach (ListRow row in PromptListReader.Rows(file, 1, 4))
            {
                foreach (string cell in row.Cells)
                {
                    Read(cell, words, open);
                }
            }
        }

        var inflected = new HashSet<string>(words, StringComparer.Ordinal);
        foreach (string word in words)
        {
            Inflect(word, inflected);
        }

        _words = new HashTable(inflected.Select(static w => Hash(w)));
        _listed = new HashTable(words.Select(static w => Hash(w)));
        _frequent = new HashTable(PromptListReader.Rows("words.", 1, 1).First().Cells[0].Split(' ').Take(Frequent).Select(static w => Hash(w)));
        _prefixes = new HashTable(open.Select(static w => Hash(w)));

        // Words of the same letters, each after the other.
        string[] scrambled = [.. inflected.Where(static w => w.Length is >= MinScrambled and <= MaxLetters).Order(StringComparer.Ordinal)];
        ulong[] sums = [.. scrambled.Select(static w => LetterSum(w))];
        Array.Sort(sums, scrambled);
        _spellings = scrambled;
        _scrambled = new HashTable(sums);
        _firstSpelling = new int[_scrambled.Capacity];
        for (int i = sums.Length - 1; i >= 0; i--)
        {
            _firstSpelling[_scrambled.Find(sums[i])] = i;
        }
    }

    /// <summary>The words of the embedded lists.</summary>
    public static KnownWords Embedded => Lazily.Value;

    /// <summary>Hash of no letter, to extend with <see cref="Extend"/>.</summary>
    public static ulong Start => Seed;

    /// <summary>Hash of a word with one more letter.</summary>
    public static ulong Extend(ulong hash, char letter) => BitOperations.RotateLeft((hash ^ letter) * Multiplier, 29);

    /// <summary>What one letter adds to the hash of a word that does not depend on the order of its letters.</summary>
    public static ulong LetterHash(char letter)
    {
        ulong mixed = (letter + Seed) * Multiplier;
        return (mixed ^ (mixed >> 31)) * Seed;
    }

    /// <summary>Whether a lower-case word without accents is known, or begins as a listed word that may go on.</summary>
    public bool Contains(ReadOnlySpan<char> word)
    {
        if (word.Length > MaxLetters)
        {
            return false;
        }

        ulong hash = Hash(word);
        return _words.Find(hash) >= 0 || HasPrefix(word);
    }

    /// <summary>Whether a word with this hash, by <see cref="Extend"/>, is known as a whole.</summary>
    public bool Contains(ulong hash) => _words.Find(hash) >= 0;

    /// <summary>Whether it is one of the most frequent English words.</summary>
    public bool IsFrequent(ulong hash) => _frequent.Find(hash) >= 0;

    /// <summary>Whether it is known as it stands, not as a form of a word that is.</summary>
    public bool IsListed(ulong hash) => _listed.Find(hash) >= 0;

    /// <summary>Whether a word of at least four letters has the same letters; see <see cref="LetterHash"/>.</summary>
    public bool HasSameLetters(ulong letterSum) => _scrambled.Find(letterSum) >= 0;

    /// <summary>The known word that a word becomes when letters beside each other are swapped, each at most once; or null.</summary>
    public string? Unscramble(ReadOnlySpan<char> word)
    {
        if (word.Length is < MinScrambled or > MaxLetters)
        {
            return null;
        }

        ulong sum = LetterSum(word);
        if (_scrambled.Find(sum) is not (>= 0 and int at))
        {
            return null;
        }

        for (int i = _firstSpelling[at]; i < _spellings.Length && LetterSum(_spellings[i]) == sum; i++)
        {
            if (IsSwapped(word, _spellings[i]))
            {
                return _spellings[i];
            }
        }

        return null;
    }

    private static bool IsSwapped(ReadOnlySpan<char> word, string known)
    {
        if (known.Length != word.Length)
        {
            return false;
        }

        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == known[i])
            {
                continue;
            }

            if (i + 1 == word.Length || word[i] != known[i + 1] || word[i + 1] != known[i])
            {
                return false;
            }

            i++;
        }

        return true;
    }

    // Regular English forms; those that no one uses do no harm.
    private static void Inflect(string word, HashSet<string> forms)
    {
        if (word.Length is < 3 or > MaxLetters - 4 || !Confusables.IsPlainLatin(word))
        {
            return;
        }

        string stem = word[^1] == 'e' ? word[..^1] : word;
        forms.Add(word + "s");
        if (word[^1] is 's' or 'x' or 'z' or 'h' or 'o')
        {
            forms.Add(word + "es");
        }

        forms.Add(stem + "ed");
        forms.Add(stem + "er");
        forms.Add(stem + "ers");
        forms.Add(stem + "ing");
        forms.Add(word + "ly");
        if (word[^1] == 'y')
        {
            forms.Add(word[..^1] + "ies");
            forms.Add(word[..^1] + "ied");
            forms.Add(word[..^1] + "ily");
        }
        else if (word[^1] is 'b' or 'd' or 'g' or 'm' or 'n' or 'p' or 'r' or 't' or 'l')
        {
            forms.Add(word + word[^1] + "ed");
            forms.Add(word + word[^1] + "er");
            forms.Add(word + word[^1] + "ing");
        }
    }

    private static ulong LetterSum(ReadOnlySpan<char> word)
    {
        ulong sum = 0;
        foreach (char letter in word)
        {
            sum += LetterHash(letter);
        }

        return sum;
    }

    private static ulong Hash(ReadOnlySpan<char> word)
    {
        ulong hash = Seed;
        foreach (char letter in word)
        {
            hash = Extend(hash, letter);
        }

        return hash;
    }

    private bool HasPrefix(ReadOnlySpan<char> word)
    {
        ulong hash = Seed;
        for (int i = 0; i < word.Length; i++)
        {
            hash = Extend(hash, word[i]);
            if (i + 1 >= MinPrefix && _prefixes.Find(hash) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void Read(string cell, HashSet<string> words, HashSet<string> open)
    {
        var word = new StringBuilder();
        Span<char> folded = stackalloc char[CompatibilityFold.MaxExpansion];
        foreach (Rune rune in (cell + " ").EnumerateRunes())
        {
            int count = 0;
            if (!rune.IsAscii)
            {
                count = CompatibilityFold.Fold(rune, folded, out _);
            }

            if (count > 0)
            {
                word.Append(folded[..count]);
            }
            else if (rune.IsBmp && ScriptKinds.IsWord((char)rune.Value) && !ScriptKinds.IsUnspaced((char)rune.Value))
            {
                word.Append((char)Rune.ToLowerInvariant(rune).Value);
            }
            else if (rune.Value is not '\'' and not '’')
            {
                if (word.Length is > 1 and <= MaxLetters || word.ToString() is "a" or "i")
                {
                    string text = word.ToString();
                    words.Add(text);
                    if (rune.Value == '*' && text.Length >= MinPrefix)
                    {
                        open.Add(text);
                    }
                }

                word.Clear();
            }
        }
    }

    /// <summary>A set of hashes, each found at a fixed place.</summary>
    private sealed class HashTable
    {
        private readonly ulong[] _slots;

        public HashTable(IEnumerable<ulong> hashes)
        {
            ulong[] all = [.. hashes];
            _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(all.Length * 3, 16))];
            foreach (ulong hash in all)
            {
                int at = Slot(hash);
                while (_slots[at] != 0 && _slots[at] != hash)
                {
                    at = (at + 1) & (_slots.Length - 1);
                }

                _slots[at] = hash;
            }
        }

        public int Capacity => _slots.Length;

        public int Find(ulong hash)
        {
            ulong[] slots = _slots;
            for (int at = Slot(hash); ; at++)
            {
                ulong slot = slots[at & (slots.Length - 1)];
                if (slot == hash)
                {
                    return at & (slots.Length - 1);
                }

                if (slot == 0)
                {
                    return -1;
                }
            }
        }

        private int Slot(ulong hash) => (int)((hash * Seed) >> 40) & (_slots.Length - 1);
    }
}
