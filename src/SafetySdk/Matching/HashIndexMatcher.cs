using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Matching;

/// <summary>
/// Looks pictures up in one or more indexes: MD5, SHA-1 and SHA-256 of the file, and PDQ in all eight orientations at each index's own
/// distance. Below an index's quality gate its PDQ hashes are not compared and the result says so.
/// </summary>
/// <remarks>Thread-safe. Costs a few hundred microseconds for the hash and a scan of every PDQ hash.</remarks>
public sealed class HashIndexMatcher : IKnownContentMatcher
{
    /// <summary>The form of a match on the file's bytes.</summary>
    public const string FileForm = "file";

    private readonly HashIndex[] _indexes;
    private readonly PdqProfile _profile;
    private readonly HashKind[] _exactKinds;
    private readonly bool _perceptual;

    /// <summary>Creates the matcher.</summary>
    /// <param name="indexes">The indexes, in the order of results; may be empty.</param>
    /// <param name="profile">PDQ's convention, the one that the lists were made with.</param>
    public HashIndexMatcher(IEnumerable<HashIndex> indexes, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(indexes);
        _indexes = [.. indexes];
        _profile = profile;
        _perceptual = _indexes.Any(index => index.CountOf(HashKind.Pdq) > 0);
        _exactKinds = [.. HashKinds.All.Where(kind => kind.IsExact() && _indexes.Any(index => index.CountOf(kind) > 0))];
        Lists = [.. _indexes.Select(index => (index.Name, index.Digest))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, string Digest)> Lists { get; }

    /// <summary>Opens indexes and text lists, told apart by content.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="profile">PDQ's convention, the one that the lists were made with.</param>
    /// <exception cref="HashIndexException">A file is missing, or an index that cannot be used.</exception>
    /// <exception cref="HashListException">A text list cannot be read.</exception>
    public static HashIndexMatcher Open(IEnumerable<string> paths, PdqProfile profile = PdqProfile.Full)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return new HashIndexMatcher([.. paths.Select(path => HashIndex.OpenAny(path))], profile);
    }

    /// <inheritdoc/>
    /// <remarks>An entry that several orientations hit is given once, with the nearest. <see cref="KnownContentResult.TooLittleDetail"/> is
    /// false where no index holds PDQ hashes.</remarks>
    public KnownContentResult Match(ReadOnlySpan<byte> encoded, PixelBuffer image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var hits = new List<HashIndexHit>();
        var matches = new List<KnownContentMatch>();
        Span<byte> digest = stackalloc byte[PdqHash.ByteCount];
        foreach (HashKind kind in _exactKinds)
        {
            int length = FileDigests.Compute(kind, encoded, digest);
            foreach (HashIndex index in _indexes)
            {
                hits.Clear();
                index.FindExact(kind, digest[..length], hits);
                foreach (HashIndexHit hit in hits)
                {
                    matches.Add(Match(index, hit, FileForm));
                }
            }
        }

        bool tooLittleDetail = false;
        if (_perceptual)
        {
            PdqDihedralResult hashes = PdqHasher.HashDihedral(image, _profile);
            foreach (HashIndex index in _indexes)
            {
                if (index.CountOf(HashKind.Pdq) == 0)
                {
                    continue;
                }

                if (hashes.Quality < index.QualityGate)
                {
                    tooLittleDetail = true;
                    continue;
                }

                AddPerceptual(index, hashes.Hashes, hits, matches);
            }
        }

        // Stable: files before forms, lists in their order where the distance is the same.
        return new KnownContentResult([.. matches.OrderBy(match => match.Distance)], tooLittleDetail);
    }

    /// <summary>Looks one PDQ hash up, as it is.</summary>
    /// <param name="hash">A hash of a picture with enough detail; the caller checks that.</param>
    /// <returns>Every entry within its index's distance, nearest first.</returns>
    public IReadOnlyList<KnownContentMatch> Match(PdqHash hash)
    {
        var matches = new List<KnownContentMatch>();
        foreach (HashIndex index in _indexes)
        {
            AddPerceptual(index, [hash], [], matches);
        }

        return [.. matches.OrderBy(match => match.Distance)];
    }

    /// <summary>Looks one exact digest up.</summary>
    /// <param name="kind">MD5, SHA-1 or SHA-256.</param>
    /// <param name="digest">The digest's bytes.</param>
    /// <exception cref="ArgumentException">Not an exact kind, or a wrong length.</exception>
    public IReadOnlyList<KnownContentMatch> Match(HashKind kind, ReadOnlySpan<byte> digest)
    {
        var hits = new List<HashIndexHit>();
        var matches = new List<KnownContentMatch>();
        foreach (HashIndex index in _indexes)
        {
            hits.Clear();
            index.FindExact(kind, digest, hits);
            matches.AddRange(hits.Select(hit => Match(index, hit, FileForm)));
        }

        return matches;
    }

    private static void AddPerceptual(
        HashIndex index, ReadOnlySpan<PdqHash> needles, List<HashIndexHit> hits, List<KnownContentMatch> matches)
    {
        hits.Clear();
        index.FindPdq(needles, index.MatchDistance, hits);

        // Hits of one entry stand together; of a symmetric picture several forms hit.
        for (int i = 0; i < hits.Count;)
        {
            HashIndexHit nearest = hits[i];
            for (i++; i < hits.Count && hits[i].Entry == nearest.Entry; i++)
            {
                if (hits[i].Distance < nearest.Distance)
                {
                    nearest = hits[i];
                }
            }

            matches.Add(Match(index, nearest, ((PdqForm)nearest.Needle).Name()));
        }
    }

    private static KnownContentMatch Match(HashIndex index, HashIndexHit hit, string form)
        => new(index.Name, index.Id(hit.Entry), hit.Algorithm.Name(), hit.Distance, form, index.Labels(hit.Entry));
}
