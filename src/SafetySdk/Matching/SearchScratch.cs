using SafetySdk.Kernels;

namespace SafetySdk.Matching;

/// <summary>What a search needs beside the index; one a thread, so that searches allocate nothing once it has grown.</summary>
internal sealed class SearchScratch
{
    /// <summary>Most walkers that are under way together.</summary>
    public const int MaxWalkers = 4096;

    // What a rare, huge answer made grow is not kept.
    private const int MaxKeptHits = 1 << 16;

    [ThreadStatic]
    private static SearchScratch? _free;

    public SlotRing.Walker[] Walkers { get; } = new SlotRing.Walker[MaxWalkers];

    public int WalkerCount { get; set; }

    public SlotRing.Range[][] Ranges { get; } = [new SlotRing.Range[32], new SlotRing.Range[32]];

    public NumberSet Seen { get; } = new();

    public List<HammingHit> Hits { get; } = [];

    public static SearchScratch Rent()
    {
        SearchScratch scratch = _free ?? new SearchScratch();
        _free = null;
        scratch.Hits.Clear();
        return scratch;
    }

    public void Return()
    {
        if (Hits.Capacity <= MaxKeptHits && Seen.Capacity <= MaxKeptHits)
        {
            _free = this;
        }
    }

    /// <summary>A set of numbers that empties in no time.</summary>
    public sealed class NumberSet
    {
        private (int Number, uint Round)[] _places = new (int, uint)[256];
        private uint _round;
        private int _count;

        public int Capacity => _places.Length;

        public void Clear()
        {
            _count = 0;
            if (++_round == 0)
            {
                Array.Clear(_places);
                _round = 1;
            }
        }

        /// <summary>Puts a number in; false where it is in already.</summary>
        public bool Add(int number)
        {
            if (_count >= _places.Length / 2)
            {
                Grow();
            }

            return Put(number);
        }

        private bool Put(int number)
        {
            int mask = _places.Length - 1;
            int at = (int)((uint)number * 2654435769u >> 7) & mask;
            for (; _places[at].Round == _round; at = (at + 1) & mask)
            {
                if (_places[at].Number == number)
                {
                    return false;
                }
            }

            _places[at] = (number, _round);
            _count++;
            return true;
        }

        private void Grow()
        {
            (int Number, uint Round)[] old = _places;
            _places = new (int, uint)[old.Length * 2];
            _count = 0;
            foreach ((int number, uint round) in old)
            {
                if (round == _round)
                {
                    Put(number);
                }
            }
        }
    }
}
