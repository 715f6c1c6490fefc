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
    private const int LettersPerSwap = 4;
    private const int MinScrambled = 4;
    private const int MinPrefix = 4;
    private const ulong Seed = 0x9E3779B97F4A7C15;
    private const ulong Multiplier = 0xD6E8FEB86659FD93;
    private const int MeanForms = 8;
    private const int MaxEnding = 4;

    // Regular English forms: the letters to take off, and what to add. Those that no one uses do no harm.
    private static readonly string[] Endings = ["", "s", "es", "ed", "er", "ers", "ing", "ly", "ies", "ied", "ily", "+ed", "+er", "+ing"];
    private static readonly Lazy<KnownWords> Lazily = new(static () => new KnownWords());
    private static readonly string[] Files = ["words.", "phrases.", "terms.", "benign.", "artists.", "figures."];

    private readonly HashTable _words;
    private readonly HashTable _listed;
    private readonly HashTable _frequent;
    private readonly HashTable _prefixes;
    private readonly HashTable _scrambled;
    private readonly string[] _spellings;

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

        string[] all = [.. words];
        _listed = new HashTable(all.Length);
        _frequent = new HashTable(Frequent);
        _prefixes = new HashTable(open.Count);
        _words = new HashTable(all.Length * MeanForms);
        _scrambled = new HashTable(all.Length * MeanForms, withValues: true);
        _spellings = all;
        foreach (string word in PromptListReader.Rows("words.", 1, 1).First().Cells[0].Split(' ').Take(Frequent))
        {
            _frequent.Add(Hash(word));
        }

        foreach (string word in open)
        {
            _prefixes.Add(Hash(word));
        }

        Span<char> form = stackalloc char[MaxLetters + MaxEnding];
        for (int i = 0; i < all.Length; i++)
        {
            _listed.Add(Hash(all[i]));
            for (int ending = 0; ending < Endings.Length; ending++)
            {
                int length = Inflect(all[i], ending, form);
                if (length > 0 && _words.Add(Hash(form[..length])) && length >= MinScrambled && length <= MaxLetters)
                {
                    _scrambled.Add(LetterSum(form[..length]), (i * Endings.Length) + ending);
                }
            }
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

    /// <summary>Whether <see cref="Unscramble(ReadOnlySpan{char}, Span{char})"/> finds a known word.</summary>
    public bool CanUnscramble(ReadOnlySpan<char> word)
    {
        Span<char> meant = stackalloc char[MaxLetters];
        return Unscramble(word, meant);
    }

    /// <summary>Whether a word of at least four letters has the same letters; see <see cref="LetterHash"/>.</summary>
    public bool HasSameLetters(ulong letterSum) => _scrambled.Find(letterSum) >= 0;

    /// <summary>Whether a word becomes a known one when letters beside each other are swapped, each at most once, a pair in four
    /// letters.</summary>
    /// <param name="word">The word.</param>
    /// <param name="meant">Receives the known word; at least as long.</param>
    public bool Unscramble(ReadOnlySpan<char> word, Span<char> meant)
    {
        if (word.Length is < MinScrambled or > MaxLetters)
        {
            return false;
        }

        ulong sum = LetterSum(word);
        int at = _scrambled.Find(sum);
        if (at < 0)
        {
            return false;
        }

        Span<char> form = stackalloc char[MaxLetters + MaxEnding];
        for (; at >= 0; at = _scrambled.FindNext(sum, at))
        {
            int value = _scrambled.Value(at);
            int length = Inflect(_spellings[value / Endings.Length], value % Endings.Length, form);
            if (IsSwapped(word, form[..length]))
            {
                form[..length].CopyTo(meant);
                return true;
            }
        }

        return false;
    }

    private static bool IsSwapped(ReadOnlySpan<char> word, ReadOnlySpan<char> known)
    {
        if (known.Length != word.Length)
        {
            return false;
        }

        int swaps = word.Length / LettersPerSwap;
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == known[i])
            {
                continue;
            }

            if (--swaps < 0 || i + 1 == word.Length || word[i] != known[i + 1] || word[i + 1] != known[i])
            {
                return false;
            }

            i++;
        }

        return true;
    }

    // Length of the form, 0 where the word has none with this ending.
    private static int Inflect(string word, int ending, Span<char> form)
    {
        word.CopyTo(form);
        if (ending == 0)
        {
            return word.Length;
        }

        char last = word[^1];
        if (word.Length is < 3 or > MaxLetters - MaxEnding || last is < 'a' or > 'z')
        {
            return 0;
        }

        ReadOnlySpan<char> letters = Endings[ending];
        int stem = word.Length;
        if (letters[0] == '+')
        {
            if (last is not ('b' or 'd' or 'g' or 'l' or 'm' or 'n' or 'p' or 'r' or 't'))
            {
                return 0;
            }

            form[stem++] = last;
            letters = letters[1..];
        }
        else if (letters[0] == 'i' && letters is not "ing")
        {
            if (last != 'y')
            {
                return 0;
            }

            stem--;
        }
        else if (letters is "es")
        {
            if (last is not ('s' or 'x' or 'z' or 'h' or 'o'))
            {
                return 0;
            }
        }
        else if (last == 'e' && letters is not ("s" or "ly"))
        {
            stem--;
        }

        letters.CopyTo(form[stem..]);
        return stem + letters.Length;
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

    /// <summary>A set of hashes, or a map from hashes to one or more numbers.</summary>
    private sealed class HashTable(int expected, bool withValues = false)
    {
        private readonly ulong[] _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(expected * 2, 16))];
        private readonly int[] _values = withValues ? new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(expected * 2, 16))] : [];

        /// <summary>Adds a hash; false where it was there.</summary>
        public bool Add(ulong hash)
        {
            int at = Slot(hash);
            while (_slots[at] != 0)
            {
                if (_slots[at] == hash)
                {
                    return false;
                }

                at = (at + 1) & (_slots.Length - 1);
            }

            _slots[at] = hash;
            return true;
        }

        /// <summary>Adds a number under a hash that may have others.</summary>
        public void Add(ulong hash, int value)
        {
            int at = Slot(hash);
            while (_slots[at] != 0)
            {
                at = (at + 1) & (_slots.Length - 1);
            }

            _slots[at] = hash;
            _values[at] = value;
        }

        public int Find(ulong hash) => Find(hash, Slot(hash));

        public int FindNext(ulong hash, int at) => Find(hash, at + 1);

        public int Value(int at) => _values[at];

        private int Find(ulong hash, int at)
        {
            ulong[] slots = _slots;
            for (; ; at++)
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
