namespace SafetySdk.Prompts;

/// <summary>A phrase found in normalised text.</summary>
/// <param name="Phrase">Number given when the phrase was added.</param>
/// <param name="Start">First character.</param>
/// <param name="End">One past the last character.</param>
internal readonly record struct PhraseHit(int Phrase, int Start, int End);

/// <summary>
/// Finds any number of phrases in one pass (Aho and Corasick, "Efficient string matching", 1975), its states in a double array (Aoe, "An
/// efficient digital search algorithm by using a double-array structure", 1989). A phrase matches whole words, save in scripts that write
/// no spaces. Where every phrase begins a word, words that begin none are passed over by their first letters. Time is linear in the text
/// plus the hits. Thread-safe.
/// </summary>
internal sealed class PhraseMatcher
{
    private const int MinJoined = 4;
    private readonly ushort[] _symbols;
    private readonly Node[] _nodes;
    private readonly int[] _nextOutput;
    private readonly Phrase[] _phrases;
    private readonly WordFilter? _filter;

    private PhraseMatcher(ushort[] symbols, Node[] nodes, int[] nextOutput, Phrase[] phrases, WordFilter? filter)
    {
        _symbols = symbols;
        _nodes = nodes;
        _nextOutput = nextOutput;
        _phrases = phrases;
        _filter = filter;
    }

    /// <summary>Number of phrases.</summary>
    public int Count => _phrases.Length;

    /// <summary>Whether words are passed over by their first letters.</summary>
    public bool HasFilter => _filter is not null;

    /// <summary>Adds every phrase that occurs to <paramref name="hits"/>, in the order of their ends.</summary>
    /// <param name="text">Normalised text.</param>
    /// <param name="joined">Per character, 1 where word bounds say little; as long as the text, or empty for none.</param>
    /// <param name="hits">Receives the hits.</param>
    public void Match(ReadOnlySpan<char> text, ReadOnlySpan<byte> joined, List<PhraseHit> hits)
    {
        WordFilter? filter = joined.Contains((byte)1) ? null : _filter;
        Node[] nodes = _nodes;
        int state = 0;
        for (int i = filter?.Next(text, 0) ?? 0; i < text.Length; i++)
        {
            char character = text[i];
            state = Next(nodes, state, _symbols[character]);
            if (nodes[state].AnyOutput)
            {
                Report(text, joined, state, i, hits);
            }

            // At the end of a word, what began inside one is given up, and then the next word that may begin a phrase is looked for.
            // Beside a character that is not ASCII any other may begin a word.
            if (filter is not null && char.IsAscii(character) && (state == 0 || character is ' ' or '\n'))
            {
                while (state != 0 && !IsStart(text, i + 1 - nodes[state].Depth))
                {
                    state = nodes[state].Fail;
                }

                if (state == 0)
                {
                    i = filter.Next(text, i + 1) - 1;
                }
            }
        }
    }

    private void Report(ReadOnlySpan<char> text, ReadOnlySpan<byte> joined, int state, int at, List<PhraseHit> hits)
    {
        for (int node = _nodes[state].Output >= 0 ? state : _nextOutput[state]; node > 0; node = _nextOutput[node])
        {
            int phrase = _nodes[node].Output;
            Phrase found = _phrases[phrase];
            int start = at + 1 - found.Length;
            int end = at + 1;
            if ((found.OpenStart || IsBound(text, start - 1, start) || IsJoined(joined, start, end))
                && (found.OpenEnd || IsBound(text, at, end) || IsJoined(joined, start, end)))
            {
                hits.Add(new PhraseHit(phrase, start, end));
            }
        }
    }

    private static int Next(Node[] nodes, int state, int symbol)
    {
        if (symbol == 0)
        {
            return 0;
        }

        while (true)
        {
            int next = nodes[state].Base + symbol;
            if (nodes[next].Check == state)
            {
                return next;
            }

            if (state == 0)
            {
                return 0;
            }

            state = nodes[state].Fail;
        }
    }

    private static bool IsStart(ReadOnlySpan<char> text, int at) => IsBound(text, at - 1, at);

    // Whether a word may end between the two characters.
    private static bool IsBound(ReadOnlySpan<char> text, int left, int right)
        => left < 0 || right >= text.Length || !ScriptKinds.IsWord(text[left]) || !ScriptKinds.IsWord(text[right])
            || ScriptKinds.IsUnspaced(text[left]) || ScriptKinds.IsUnspaced(text[right]);

    private static bool IsJoined(ReadOnlySpan<byte> joined, int start, int end)
        => joined.Length > 0 && end - start >= MinJoined && !joined[start..end].Contains((byte)0);

    private readonly record struct Phrase(int Length, bool OpenStart, bool OpenEnd);

    /// <summary>A state: its children stand at <c>Base + symbol</c> and name it in <c>Check</c>.</summary>
    private struct Node
    {
        public int Base;
        public int Check;
        public int Fail;
        public int Output;
        public ushort Depth;
        public bool AnyOutput;
    }

    /// <summary>Collects phrases. Not thread-safe.</summary>
    public sealed class Builder
    {
        private const int MaxSymbols = 1 << 14;
        private const int MaxStates = 1 << 24;
        private const int MaxPhrase = ushort.MaxValue;
        private const int MaxTries = 64;
        private readonly List<string> _texts = [];
        private readonly List<Phrase> _phrases = [];
        private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
        private Node[] _nodes = [];
        private int[] _nextOutput = [];
        private int _used = 1;
        private int _single;
        private int _several;

        /// <summary>Adds a phrase of normalised text; the same phrase keeps its number, and of two with other bounds the wider one counts.</summary>
        /// <param name="text">Normalised, not empty.</param>
        /// <param name="openStart">Whether the first word may have more before.</param>
        /// <param name="openEnd">Whether the last word may go on.</param>
        /// <returns>The number of the phrase, from 0.</returns>
        public int Add(string text, bool openStart, bool openEnd)
        {
            ArgumentException.ThrowIfNullOrEmpty(text);
            if (text.Length > MaxPhrase)
            {
                throw new InvalidOperationException("A phrase is longer than the matcher counts.");
            }

            if (_known.TryGetValue(text, out int known))
            {
                Phrase old = _phrases[known];
                _phrases[known] = old with { OpenStart = old.OpenStart || openStart, OpenEnd = old.OpenEnd || openEnd };
                return known;
            }

            int phrase = _phrases.Count;
            _known.Add(text, phrase);
            _texts.Add(text);
            _phrases.Add(new Phrase(text.Length, openStart, openEnd));
            return phrase;
        }

        /// <summary>Builds the matcher.</summary>
        /// <exception cref="InvalidOperationException">There are more states or characters than the matcher numbers.</exception>
        public PhraseMatcher Build()
        {
            string[] texts = [.. _texts];
            int[] numbers = [.. Enumerable.Range(0, texts.Length)];
            Array.Sort(texts, numbers, StringComparer.Ordinal);
            ushort[] symbols = NumberSymbols(out int symbolCount);
            _nodes = new Node[Math.Max(1024, texts.Length * 8) + symbolCount + 1];
            _nextOutput = new int[_nodes.Length];
            ClearNodes(0);
            _nodes[0].Check = -2;
            _single = symbolCount + 1;
            _several = 1;

            var queue = new Queue<(int State, int From, int To)>();
            queue.Enqueue((0, 0, texts.Length));
            var children = new List<(int Symbol, int From, int To)>();
            while (queue.TryDequeue(out (int State, int From, int To) range))
            {
                int depth = _nodes[range.State].Depth;
                int from = range.From;
                if (from < range.To && texts[from].Length == depth && depth > 0)
                {
                    _nodes[range.State].Output = numbers[from];
                    from++;
                }

                LinkOutputs(range.State);
                children.Clear();
                while (from < range.To)
                {
                    char letter = texts[from][depth];
                    int to = from + 1;
                    while (to < range.To && texts[to][depth] == letter)
                    {
                        to++;
                    }

                    children.Add((symbols[letter], from, to));
                    from = to;
                }

                if (children.Count == 0)
                {
                    continue;
                }

                int place = Place(children, symbolCount);
                _nodes[range.State].Base = place;
                foreach ((int symbol, _, _) in children)
                {
                    _nodes[place + symbol].Check = range.State;
                }

                foreach ((int symbol, int first, int last) in children)
                {
                    int child = place + symbol;
                    _nodes[child].Depth = (ushort)(depth + 1);
                    _nodes[child].Fail = range.State == 0 ? 0 : Next(_nodes, _nodes[range.State].Fail, symbol);
                    queue.Enqueue((child, first, last));
                }
            }

            Array.Resize(ref _nodes, _used + symbolCount + 1);
            return new PhraseMatcher(symbols, _nodes, _nextOutput, [.. _phrases], WordFilter.Create(_texts, p => _phrases[p].OpenStart, p => _phrases[p].OpenEnd));
        }

        private void LinkOutputs(int state)
        {
            int fail = _nodes[state].Fail;
            _nextOutput[state] = state == 0 ? 0 : _nodes[fail].Output >= 0 ? fail : _nextOutput[fail];
            _nodes[state].AnyOutput = _nodes[state].Output >= 0 || _nextOutput[state] > 0;
        }

        // The most frequent characters get the lowest numbers, which keeps children close together.
        private ushort[] NumberSymbols(out int count)
        {
            int[] frequencies = new int[0x10000];
            foreach (string text in _texts)
            {
                foreach (char character in text)
                {
                    frequencies[character]++;
                }
            }

            char[] used = [.. Enumerable.Range(0, 0x10000).Where(c => frequencies[c] > 0).OrderByDescending(c => frequencies[c]).Select(static c => (char)c)];
            if (used.Length >= MaxSymbols)
            {
                throw new InvalidOperationException("The phrase lists hold more different characters than the matcher numbers.");
            }

            var symbols = new ushort[0x10000];
            for (int i = 0; i < used.Length; i++)
            {
                symbols[used[i]] = (ushort)(i + 1);
            }

            count = used.Length;
            return symbols;
        }

        private int Place(List<(int Symbol, int From, int To)> children, int symbolCount)
        {
            int place;
            if (children.Count == 1)
            {
                Reserve(_single, symbolCount);
                while (_nodes[_single].Check != -1)
                {
                    _single++;
                    Reserve(_single, symbolCount);
                }

                place = _single - children[0].Symbol;
            }
            else
            {
                place = _several;
                int tries = 0;
                while (!Fits(children, place, symbolCount))
                {
                    place++;
                    if (++tries > MaxTries)
                    {
                        _several = place = Math.Max(place, _used);
                        tries = int.MinValue;
                    }
                }
            }

            foreach ((int symbol, _, _) in children)
            {
                Reserve(place + symbol, symbolCount);
                _used = Math.Max(_used, place + symbol + 1);
            }

            return _used < MaxStates ? place : throw new InvalidOperationException("The phrase lists need more states than the matcher numbers.");
        }

        private bool Fits(List<(int Symbol, int From, int To)> children, int place, int symbolCount)
        {
            Reserve(place + symbolCount, symbolCount);
            foreach ((int symbol, _, _) in children)
            {
                if (_nodes[place + symbol].Check != -1)
                {
                    return false;
                }
            }

            return true;
        }

        private void Reserve(int index, int symbolCount)
        {
            int needed = index + symbolCount + 2;
            if (needed > _nodes.Length)
            {
                int old = _nodes.Length;
                Array.Resize(ref _nodes, Math.Max(needed, old * 2));
                Array.Resize(ref _nextOutput, _nodes.Length);
                ClearNodes(old);
            }
        }

        private void ClearNodes(int from) => _nodes.AsSpan(from).Fill(new Node { Check = -1, Output = -1 });
    }
}
