using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Matching;

/// <summary>
/// Looks pictures up in one or more banks: MD5, SHA-1 and SHA-256 of the file, and PDQ in all eight orientations, with and without uniform
/// borders, at each bank's own distance. Below an index's quality gate its PDQ hashes are not compared and the result says so.
/// </summary>
/// <remarks>Thread-safe. Costs a few hundred microseconds for the hash, as much again where borders were cut off, and the look-ups of its
/// forms. Each call asks one version of every bank.</remarks>
public sealed class HashIndexMatcher : IKnownContentMatcher
{
    /// <summary>The form of a match on the file's bytes.</summary>
    public const string FileForm = "file";

    private const string LetterboxForm = "letterbox";

    private static readonly string[] Forms =
    [
        .. Enum.GetValues<PdqForm>().Select(form => form.Name()),
        .. Enum.GetValues<PdqForm>().Select(form => form == PdqForm.Original ? LetterboxForm : $"{LetterboxForm}_{form.Name()}"),
    ];

    private readonly KnownContentBank[] _banks;
    private readonly PdqProfile _profile;
    private readonly bool _sampled;

    /// <summary>Creates the matcher.</summary>
    /// <param name="indexes">The indexes, in the order of results; may be empty.</param>
    /// <param name="profile">PDQ's convention, the one that the lists were made with.</param>
    public HashIndexMatcher(IEnumerable<HashIndex> indexes, PdqProfile profile = PdqProfile.Full)
        : this((indexes ?? throw new ArgumentNullException(nameof(indexes))).Select(index => new KnownContentBank(index)), profile)
    {
    }

    /// <summary>Creates the matcher.</summary>
    /// <param name="banks">The banks, in the order of results; may be empty.</param>
    /// <param name="profile">PDQ's convention, the one that the lists were made with.</param>
    /// <exception cref="ArgumentException">A mandatory bank is negative, or has an enabled ratio below 1.</exception>
    public HashIndexMatcher(IEnumerable<KnownContentBank> banks, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(banks);
        _banks = [.. banks];
        _profile = profile;
        if (_banks.Any(bank => bank.Mandatory && (bank.Negative || bank.EnabledRatio < 1)))
        {
            throw new ArgumentException("A mandatory bank is asked about every picture and gives matches: its ratio is 1, and it is not negative.", nameof(banks));
        }

        _sampled = _banks.Any(bank => bank.EnabledRatio < 1);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, string Digest)> Lists
    {
        get
        {
            var lists = new (string, string)[_banks.Length];
            for (int i = 0; i < lists.Length; i++)
            {
                using HashIndexLease lease = _banks[i].Acquire();
                lists[i] = (lease.Index.Name, lease.Index.Digest);
            }

            return lists;
        }
    }

    /// <summary>Opens indexes and lists, told apart by content.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="profile">PDQ's convention, the one that the lists were made with.</param>
    /// <exception cref="HashIndexException">A file is missing, or an index that cannot be used.</exception>
    /// <exception cref="HashListException">A list cannot be read.</exception>
    public static HashIndexMatcher Open(IEnumerable<string> paths, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return new HashIndexMatcher(paths.Select(path => HashIndex.OpenAny(path)), profile);
    }

    /// <inheritdoc/>
    /// <remarks>An entry that several forms hit is given once, with the nearest. <see cref="KnownContentResult.TooLittleDetail"/> is
    /// false where no bank holds PDQ hashes, and where the picture has enough detail once its borders are cut off.</remarks>
    public KnownContentResult Match(ReadOnlySpan<byte> encoded, PixelBuffer image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Span<byte> digest = stackalloc byte[PdqHash.ByteCount];
        if (_sampled)
        {
            SHA256.HashData(encoded, digest);
        }

        using var look = new Look(_banks, _sampled, digest);
        look.AddExact(encoded);
        bool tooLittleDetail = false;
        if (look.Holds(HashKind.Pdq))
        {
            PdqDihedralResult whole = PdqHasher.HashDihedral(image, _profile);
            using PixelBuffer? content = UniformBorder.Cut(image);
            PdqDihedralResult cut = content is null ? default : PdqHasher.HashDihedral(content, _profile);
            Span<PdqHash> needles = stackalloc PdqHash[2 * PdqForms.Count];
            whole.Hashes.CopyTo(needles);
            cut.Hashes.CopyTo(needles[PdqForms.Count..]);
            foreach (AskedBank bank in look.Banks)
            {
                if (bank.Index.CountOf(HashKind.Pdq) == 0)
                {
                    continue;
                }

                int first = whole.Quality >= bank.Index.QualityGate ? 0 : PdqForms.Count;
                int end = content is not null && cut.Quality >= bank.Index.QualityGate ? needles.Length : PdqForms.Count;
                if (first == end)
                {
                    tooLittleDetail = true;
                    continue;
                }

                look.AddPerceptual(bank, needles[first..end], first);
            }
        }

        return look.Result(tooLittleDetail);
    }

    /// <inheritdoc/>
    public KnownContentResult MatchFile(ReadOnlySpan<byte> encoded)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        if (_sampled)
        {
            SHA256.HashData(encoded, digest);
        }

        using var look = new Look(_banks, _sampled, digest);
        look.AddExact(encoded);
        return look.Result(false);
    }

    /// <summary>Looks one PDQ hash up, as it is.</summary>
    /// <param name="hash">A hash of a picture with enough detail; the caller checks that.</param>
    /// <returns>Every entry within its bank's distance that no negative bank vetoes, nearest first.</returns>
    public IReadOnlyList<KnownContentMatch> Match(PdqHash hash)
    {
        Span<byte> bytes = stackalloc byte[PdqHash.ByteCount];
        hash.WriteBytes(bytes);
        using var look = new Look(_banks, _sampled, bytes);
        foreach (AskedBank bank in look.Banks)
        {
            look.AddPerceptual(bank, [hash], 0);
        }

        return look.Result(false).Matches;
    }

    /// <summary>Looks one exact digest up.</summary>
    /// <param name="kind">MD5, SHA-1 or SHA-256.</param>
    /// <param name="digest">The digest's bytes.</param>
    /// <exception cref="ArgumentException">Not an exact kind, or a wrong length.</exception>
    public IReadOnlyList<KnownContentMatch> Match(HashKind kind, ReadOnlySpan<byte> digest)
    {
        using var look = new Look(_banks, _sampled, digest);
        look.AddExact(kind, digest);
        return look.Result(false).Matches;
    }

    /// <summary>A bank, and the version of its index that one query asks.</summary>
    private readonly record struct AskedBank(KnownContentBank Bank, HashIndexLease Lease)
    {
        public HashIndex Index => Lease.Index;
    }

    /// <summary>The hits of one query.</summary>
    private sealed class Look : IDisposable
    {
        private readonly List<HashIndexHit> _hits = [];
        private readonly List<(KnownContentMatch Match, bool Final)> _matches = [];
        private readonly List<KnownContentMatch> _negative = [];
        private readonly List<AskedBank> _banks;
        private readonly List<string> _notAsked = [];

        public Look(KnownContentBank[] banks, bool sampled, ReadOnlySpan<byte> query)
        {
            _banks = new List<AskedBank>(banks.Length);
            try
            {
                foreach (KnownContentBank bank in banks)
                {
                    HashIndexLease lease = bank.Acquire();
                    if (!sampled || IsAsked(bank, lease.Index.Name, query))
                    {
                        _banks.Add(new AskedBank(bank, lease));
                    }
                    else
                    {
                        _notAsked.Add(lease.Index.Name);
                        lease.Dispose();
                    }
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public IReadOnlyList<AskedBank> Banks => _banks;

        public bool Holds(HashKind kind) => _banks.Exists(bank => bank.Index.CountOf(kind) > 0);

        public void Dispose()
        {
            foreach (AskedBank bank in _banks)
            {
                bank.Lease.Dispose();
            }

            _banks.Clear();
        }

        /// <summary>Every exact fingerprint of a file that a bank holds.</summary>
        public void AddExact(ReadOnlySpan<byte> encoded)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            foreach (HashKind kind in HashKinds.All.Where(kind => kind.IsExact() && Holds(kind)))
            {
                AddExact(kind, digest[..FileDigests.Compute(kind, encoded, digest)]);
            }
        }

        public void AddExact(HashKind kind, ReadOnlySpan<byte> digest)
        {
            foreach (AskedBank bank in _banks)
            {
                _hits.Clear();
                bank.Index.FindExact(kind, digest, _hits);
                foreach (HashIndexHit hit in _hits)
                {
                    Add(bank, hit, FileForm);
                }
            }
        }

        public void AddPerceptual(AskedBank bank, ReadOnlySpan<PdqHash> needles, int firstForm)
        {
            _hits.Clear();
            bank.Index.FindPdq(needles, bank.Bank.Distance ?? bank.Index.MatchDistance, _hits);

            // Hits of one entry stand together; of a symmetric picture several forms hit.
            for (int i = 0; i < _hits.Count;)
            {
                HashIndexHit nearest = _hits[i];
                for (i++; i < _hits.Count && _hits[i].Entry == nearest.Entry; i++)
                {
                    if (_hits[i].Distance < nearest.Distance)
                    {
                        nearest = _hits[i];
                    }
                }

                Add(bank, nearest, Forms[firstForm + nearest.Needle]);
            }
        }

        public KnownContentResult Result(bool tooLittleDetail)
        {
            var vetoed = new List<VetoedMatch>();

            // Stable: files before forms, lists in their order where the distance is the same.
            (KnownContentMatch Match, bool Final)[] ordered = [.. _matches.OrderBy(match => match.Match.Distance)];
            KnownContentMatch[] matches = [.. ordered.Select(match => match.Match)];
            if (_negative.Count > 0)
            {
                KnownContentMatch? exact = _negative.Find(hit => hit.Form == FileForm);
                KnownContentMatch? near = _negative.Where(hit => hit.Form != FileForm).MinBy(hit => hit.Distance);
                foreach ((KnownContentMatch match, _) in ordered.Where(match => !match.Final))
                {
                    // A near hit never takes an exact copy back, nor what is nearer than itself: a crafted neighbour is no way out.
                    if (exact is not null)
                    {
                        vetoed.Add(new VetoedMatch(match, exact, "exact_false_positive"));
                    }
                    else if (near is not null && match.Form != FileForm && match.Distance >= near.Distance)
                    {
                        vetoed.Add(new VetoedMatch(match, near, "near_false_positive"));
                    }
                }

                matches = [.. matches.Where(match => !vetoed.Exists(veto => ReferenceEquals(veto.Match, match)))];
            }

            return new KnownContentResult(matches, tooLittleDetail)
            {
                Vetoed = vetoed,
                NotAsked = _notAsked,
            };
        }

        // The same query always asks the same banks, and each bank draws for itself.
        private static bool IsAsked(KnownContentBank bank, string name, ReadOnlySpan<byte> query)
        {
            byte[] drawn = SHA256.HashData([.. query, .. Encoding.UTF8.GetBytes(name)]);
            return BinaryPrimitives.ReadUInt32BigEndian(drawn) < bank.EnabledRatio * (1L << 32);
        }

        private void Add(AskedBank bank, HashIndexHit hit, string form)
        {
            HashIndexEntry entry = bank.Index.Entry(hit.Entry);
            var match = new KnownContentMatch(bank.Index.Name, entry.Id, hit.Algorithm.Name(), hit.Distance, form, entry.Labels)
            {
                Source = entry.Source,
                Classification = entry.Classification,
                State = entry.State,
            };
            if (bank.Bank.Negative)
            {
                _negative.Add(match);
            }
            else
            {
                _matches.Add((match, bank.Bank.Mandatory));
            }
        }
    }
}
