using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>What became of an update.</summary>
public enum HashIndexUpdateOutcome
{
    /// <summary>The new index is in place.</summary>
    Applied,

    /// <summary>The new index suddenly matches benign content; the old one stays, the new one lies beside it for a person to look
    /// at.</summary>
    Quarantined,
}

/// <summary>Result of an update under a <see cref="FloodGuard"/>.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="NewMatches">Probes that the new index matches and the old one did not.</param>
/// <param name="Probes">All probes.</param>
/// <param name="Path">Where the new index was written.</param>
public sealed record HashIndexUpdate(HashIndexUpdateOutcome Outcome, int NewMatches, int Probes, string Path);

/// <summary>Keeps an update of a list out that would suddenly match benign content: a bad or hostile entry would block everybody.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class FloodGuard
{
    /// <summary>Ending of the file that a quarantined index is written to, beside the one in use.</summary>
    public const string QuarantineEnding = ".quarantine";

    private readonly HashListEntry[] _probes;
    private readonly int _allowed;

    /// <summary>Creates the guard.</summary>
    /// <param name="probes">Hashes of content that must not be on a list: PDQ and digests.</param>
    /// <param name="allowed">Probes that an update may newly match, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="allowed"/> is negative.</exception>
    public FloodGuard(IEnumerable<HashListEntry> probes, int allowed = 0)
    {
        ArgumentNullException.ThrowIfNull(probes);
        ArgumentOutOfRangeException.ThrowIfNegative(allowed);
        _probes = [.. probes];
        _allowed = allowed;
    }

    /// <summary>Number of probes that an index matches and another does not.</summary>
    /// <param name="candidate">The new index.</param>
    /// <param name="current">The one in use; null where there is none.</param>
    public int NewMatches(HashIndex candidate, HashIndex? current)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return _probes.Count(probe => Matches(candidate, probe) && (current is null || !Matches(current, probe)));
    }

    /// <summary>Puts a new index in place, or in quarantine.</summary>
    /// <param name="writer">The new index.</param>
    /// <param name="path">The file of the index in use.</param>
    /// <remarks>Several may save at once; what is put in place is what was looked at.</remarks>
    /// <exception cref="HashIndexException">The file could not be written. What was there before is untouched.</exception>
    public HashIndexUpdate Save(HashIndexWriter writer, string path)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (_probes.Length == 0)
        {
            writer.Save(path);
            return new HashIndexUpdate(HashIndexUpdateOutcome.Applied, 0, 0, path);
        }

        // Under a name of its own, so that nobody puts another index between the look and the move.
        string candidatePath = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            writer.Save(candidatePath);
            int matches;
            using (HashIndex candidate = HashIndex.Open(candidatePath))
            using (HashIndex? current = Current(path))
            {
                matches = NewMatches(candidate, current);
            }

            bool flood = matches > _allowed;
            string target = flood ? path + QuarantineEnding : path;
            AtomicFile.Move(candidatePath, target, "the index");
            return new HashIndexUpdate(
                flood ? HashIndexUpdateOutcome.Quarantined : HashIndexUpdateOutcome.Applied, matches, _probes.Length, target);
        }
        finally
        {
            AtomicFile.Discard(candidatePath);
        }
    }

    /// <summary>Puts the index in quarantine in place: a person looked at it and wants it.</summary>
    /// <param name="path">The file of the index in use, which is replaced as a whole.</param>
    /// <exception cref="HashIndexException">Nothing is in quarantine, it is damaged, or it could not be moved. What was there before is
    /// untouched.</exception>
    public static void Release(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string quarantine = path + QuarantineEnding;
        using (HashIndex index = HashIndex.Open(quarantine))
        {
            index.Verify();
        }

        AtomicFile.Move(quarantine, path, "the index");
    }

    private static HashIndex? Current(string path)
    {
        try
        {
            return HashIndex.Open(path);
        }
        catch (HashIndexException)
        {
            // What cannot be opened matches nothing: the guard is then at its strictest.
            return null;
        }
    }

    private static bool Matches(HashIndex index, HashListEntry probe)
    {
        var hits = new List<HashIndexHit>();
        if (probe.Algorithm == HashKind.Pdq)
        {
            index.FindPdq([PdqHash.Parse(probe.Value)], index.MatchDistance, hits);
        }
        else
        {
            index.FindExact(probe.Algorithm, Convert.FromHexString(probe.Value), hits);
        }

        return hits.Count > 0;
    }
}
