namespace SafetySdk.Prompts;

/// <summary>A phrase found in normalised text.</summary>
/// <param name="Phrase">Number given when the phrase was added.</param>
/// <param name="Start">First character.</param>
/// <param name="End">One past the last character.</param>
internal readonly record struct PhraseHit(int Phrase, int Start, int End);

/// <summary>
/// Finds any number of phrases in one pass (Aho and Corasick, "Efficient string matching", 1975). A phrase matches whole words,
/// save in scripts that write no spaces. Time is linear in the text plus the hits. Thread-safe once built.
/// </summary>
internal sealed class PhraseMatcher
{
    private const int MinJoined = 4;
    private readonly ushort[] _symbols;
    private readonly Dictionary<int, int> _edges;
    private readonly int[] _root;
    private readonly int[] _fail;
    private readonly int[] _output;
    private readonly int[] _nextOutput;
    private readonly Phrase[] _phrases;

    private PhraseMatcher(
        ushort[] symbols, Dictionary<int, int> edges, int[] root, int[] fail, int[] output, int[] nextOutput, Phrase[] phrases)
    {
        _symbols = symbols;
        _edges = edges;
        _root = root;
        _fail = fail;
        _output = output;
        _nextOutput = nextOutput;
        _phrases = phrases;
    }

    /// <summary>Number of phrases.</summary>
    public int Count => _phrases.Length;

    /// <summary>Adds every phrase that occurs to <paramref name="hits"/>, in the order of their ends.</summary>
    /// <param name="text">Normalised text.</param>
    /// <param name="joined">Per character, 1 where word bounds say little; as long as the text.</param>
    /// <param name="hits">Receives the hits.</param>
    public void Match(ReadOnlySpan<char> text, ReadOnlySpan<byte> joined, List<PhraseHit> hits)
    {
        int state = 0;
        for (int i = 0; i < text.Length; i++)
        {
            state = Next(state, text[i]);
            for (int node = _output[state] >= 0 ? state : _nextOutput[state]; node > 0; node = _nextOutput[node])
            {
                int phrase = _output[node];
                Phrase found = _phrases[phrase];
                int start = i + 1 - found.Length;
                int end = i + 1;
                if ((found.OpenStart || IsBound(text, start - 1, start) || IsJoined(joined, start, end))
                    && (found.OpenEnd || IsBound(text, i, end) || IsJoined(joined, start, end)))
                {
                    hits.Add(new PhraseHit(phrase, start, end));
                }
            }
        }
    }

    private int Next(int state, char character)
    {
        int symbol = _symbols[character];
        if (symbol == 0)
        {
            return 0;
        }

        while (state != 0)
        {
            if (_edges.TryGetValue(Key(state, symbol), out int next))
            {
                return next;
            }

            state = _fail[state];
        }

        return _root[symbol];
    }

    // Whether a word may end between the two characters.
    private static bool IsBound(ReadOnlySpan<char> text, int left, int right)
        => left < 0 || right >= text.Length || !ScriptKinds.IsWord(text[left]) || !ScriptKinds.IsWord(text[right])
            || ScriptKinds.IsUnspaced(text[left]) || ScriptKinds.IsUnspaced(text[right]);

    private static bool IsJoined(ReadOnlySpan<byte> joined, int start, int end)
        => end - start >= MinJoined && !joined[start..end].Contains((byte)0);

    private static int Key(int state, int symbol) => (state << 11) | symbol;

    private readonly record struct Phrase(int Length, bool OpenStart, bool OpenEnd);

    /// <summary>Collects phrases. Not thread-safe.</summary>
    public sealed class Builder
    {
        private const int MaxSymbols = 1 << 11;
        private const int MaxStates = 1 << 20;
        private readonly ushort[] _symbols = new ushort[0x10000];
        private readonly Dictionary<int, int> _edges = [];
        private readonly List<int> _output = [-1];
        private readonly List<Phrase> _phrases = [];
        private readonly Dictionary<(string Text, bool OpenStart, bool OpenEnd), int> _known = [];
        private int _symbolCount;

        /// <summary>Adds a phrase of normalised text; the same phrase keeps its number.</summary>
        /// <param name="text">Normalised, not empty.</param>
        /// <param name="openStart">Whether the first word may have more before.</param>
        /// <param name="openEnd">Whether the last word may go on.</param>
        /// <returns>The number of the phrase, from 0.</returns>
        public int Add(string text, bool openStart, bool openEnd)
        {
            ArgumentException.ThrowIfNullOrEmpty(text);
            if (_known.TryGetValue((text, openStart, openEnd), out int known))
            {
                return known;
            }

            int state = 0;
            foreach (char character in text)
            {
                int symbol = Symbol(character);
                if (!_edges.TryGetValue(Key(state, symbol), out int next))
                {
                    next = _output.Count;
                    if (next >= MaxStates)
                    {
                        throw new InvalidOperationException("The phrase lists need more states than the matcher numbers.");
                    }

                    _edges.Add(Key(state, symbol), next);
                    _output.Add(-1);
                }

                state = next;
            }

            // Two phrases of the same letters and other bounds share a state: the wider one wins there.
            int phrase = _phrases.Count;
            if (_output[state] >= 0)
            {
                phrase = _output[state];
                Phrase old = _phrases[phrase];
                _phrases[phrase] = old with { OpenStart = old.OpenStart || openStart, OpenEnd = old.OpenEnd || openEnd };
            }
            else
            {
                _phrases.Add(new Phrase(text.Length, openStart, openEnd));
                _output[state] = phrase;
            }

            _known.Add((text, openStart, openEnd), phrase);
            return phrase;
        }

        /// <summary>Builds the matcher.</summary>
        public PhraseMatcher Build()
        {
            int states = _output.Count;
            var fail = new int[states];
            var nextOutput = new int[states];
            var root = new int[MaxSymbols];
            var children = new List<(int Symbol, int State)>[states];
            foreach ((int key, int child) in _edges)
            {
                (children[key >> 11] ??= []).Add((key & (MaxSymbols - 1), child));
            }

            var queue = new Queue<int>();
            foreach ((int symbol, int child) in children[0] ?? [])
            {
                root[symbol] = child;
                queue.Enqueue(child);
            }

            while (queue.TryDequeue(out int state))
            {
                foreach ((int symbol, int child) in children[state] ?? [])
                {
                    int back = fail[state];
                    int target;
                    while (!_edges.TryGetValue(Key(back, symbol), out target) && back != 0)
                    {
                        back = fail[back];
                    }

                    fail[child] = target;
                    nextOutput[child] = _output[target] >= 0 ? target : nextOutput[target];
                    queue.Enqueue(child);
                }
            }

            return new PhraseMatcher(_symbols, _edges, root, fail, [.. _output], nextOutput, [.. _phrases]);
        }

        private int Symbol(char character)
        {
            if (_symbols[character] == 0)
            {
                if (_symbolCount + 1 >= MaxSymbols)
                {
                    throw new InvalidOperationException("The phrase lists hold more different characters than the matcher numbers.");
                }

                _symbols[character] = (ushort)++_symbolCount;
            }

            return _symbols[character];
        }
    }
}
