using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>An index that changes while it is searched: entries are added and removed, and its file is replaced, with no pause.</summary>
/// <remarks>
/// <para>Thread-safe. A look-up takes a version by <see cref="Acquire"/> and no lock, and sees all of a change or nothing of it. Changes are
/// made one after the other.</para>
/// <para>A change is appended to a file beside the index (<c>INDEX.changes</c>) before it can be seen. It outlives the process from then on,
/// however that ends; a failure of power from the next <see cref="Flush"/> on. <see cref="HashIndex.Open(string)"/> reads the changes too. They
/// stay in force over an index file that is replaced, until <see cref="Compact"/> writes them into it. Added entries are compared one by one,
/// so compact before there are some ten thousand.</para>
/// <para>One process at a time may open an index like this (<c>INDEX.lock</c>); any number may search it.</para>
/// </remarks>
public sealed class LiveHashIndex : IDisposable
{
    private readonly Lock _changing = new();
    private readonly Lock _compacting = new();
    private readonly string _path;
    private readonly HashIndexLog _log;
    private HashIndex _current;
    private bool _closed;

    private LiveHashIndex(string path, HashIndexLog log, HashIndex current)
    {
        _path = path;
        _log = log;
        _current = current;
    }

    /// <summary>Opens an index for changes.</summary>
    /// <param name="path">The index file, which must exist.</param>
    /// <exception cref="HashIndexException">The index or its changes cannot be used, or another process has opened it for changes.</exception>
    public static LiveHashIndex Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        HashIndexData.Map(path).Dispose();
        HashIndexLog log = HashIndexLog.Open(path, out HashIndexLog.Content content);
        try
        {
            return new LiveHashIndex(path, log, HashIndex.Open(path, content));
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>The newest version, kept until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public HashIndexLease Acquire()
    {
        while (true)
        {
            HashIndex current = Volatile.Read(ref _current);
            if (current.TryEnter())
            {
                return new HashIndexLease(current);
            }

            // Replaced between the two lines above, or closed.
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
        }
    }

    /// <summary>Adds an entry, which the next look-up finds. Equal hashes may come more than once.</summary>
    /// <param name="entry">The entry.</param>
    /// <exception cref="HashException">The value is not a hash of its kind.</exception>
    /// <exception cref="ArgumentException">The kind cannot be held, or an identifier or label is empty, too long or has control
    /// characters.</exception>
    /// <exception cref="HashIndexException">The change could not be written; nothing changed.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Add(HashListEntry entry)
    {
        var parsed = ParsedEntry.Parse(entry);
        Change(new HashIndexChange(false, HashIndexFormat.Section(entry.Algorithm), parsed.Hash, parsed.Id, parsed.Labels));
    }

    /// <summary>Removes the entries with a hash, which the next look-up does not find.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="value">Hexadecimal digits of the hash.</param>
    /// <param name="id">Only entries with this identifier; null: whatever their identifier is.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="HashException">The value is not a hash of its kind.</exception>
    /// <exception cref="ArgumentException">The kind cannot be held, or the identifier is none.</exception>
    /// <exception cref="HashIndexException">The change could not be written, or the index is damaged; nothing changed.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public int Remove(HashKind kind, string value, string? id = null)
    {
        byte[] hash = ParsedEntry.ParseHash(kind, value);
        byte[] text = id is null ? [] : HashIndexWriter.Text(id, nameof(id));
        return Change(new HashIndexChange(true, HashIndexFormat.Section(kind), hash, text, string.Empty));
    }

    /// <summary>Removes every entry with one of some identifiers, whatever its hashes are: what a list's tombstone says. The next look-up
    /// sees all of it.</summary>
    /// <param name="ids">The identifiers, as <see cref="HashIndexEntry.Id"/> gives them.</param>
    /// <param name="source">Only entries that came from this list, see <see cref="HashIndexEntry.Source"/>; null: from any.</param>
    /// <returns>How many entries there were.</returns>
    /// <remarks>Reads the identifiers of all entries, in time in proportion to their number: remove many at once. Should the process die
    /// while it writes, some of them may be removed and others not; call it again. Entries of a later index file that have the identifier
    /// with another hash stay.</remarks>
    /// <exception cref="HashIndexException">The changes could not be written, or the index is damaged; nothing changed.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public int RemoveEntries(IEnumerable<string> ids, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var wanted = ids.ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0 || source is "")
        {
            return 0;
        }

        lock (_changing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            HashIndex next = _current;
            var made = new List<HashIndexChange>();
            int removed = 0;
            foreach (HashIndexChange change in next.Removals(wanted, source))
            {
                // Entries that are alike in all go by one change.
                HashIndex after = next.With(change, out int entries);
                if (entries > 0)
                {
                    next = after;
                    made.Add(change);
                    removed += entries;
                }
            }

            if (removed > 0)
            {
                _log.Append([.. made]);
                Volatile.Write(ref _current, next);
            }

            return removed;
        }
    }

    /// <summary>Waits until all changes are on the disk.</summary>
    /// <exception cref="HashIndexException">They could not be written.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Flush()
    {
        lock (_changing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _log.Flush();
        }
    }

    /// <summary>Takes the index file that stands at the path now. The former is released when its last look-up has ended.</summary>
    /// <exception cref="HashIndexException">The file cannot be used; the former version stays in use.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Reload()
    {
        lock (_changing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Swap(HashIndex.Open(_path, HashIndexLog.Read(_path)));
        }
    }

    /// <summary>Writes an index in the place of the file, and takes it.</summary>
    /// <param name="writer">The new index; changes since the last <see cref="Compact"/> stay in force over it.</param>
    /// <exception cref="HashIndexException">The file could not be written; the former stays in use.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Replace(HashIndexWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        lock (_compacting)
        {
            writer.Save(_path);
            Reload();
        }
    }

    /// <summary>
    /// Writes file and changes into a new file. Look-ups and changes go on meanwhile; run it on a thread of your own. The order of the entries
    /// changes.
    /// </summary>
    /// <exception cref="HashIndexException">The file could not be written; all is as before.</exception>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public void Compact()
    {
        lock (_compacting)
        {
            HashIndexLease lease;
            long absorbed;
            HashIndexFormat.LogIdentity identity;
            lock (_changing)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                lease = Acquire();
                absorbed = _log.Length;
                identity = _log.Identity;
            }

            using (lease)
            {
                HashIndex index = lease.Index;
                using var writer = new HashIndexWriter(index.Name, index.MatchDistance, index.QualityGate, index.Created, index.Source);
                writer.AbsorbedLog = identity;
                writer.AbsorbedBytes = absorbed;
                index.CopyTo(writer);
                writer.Save(_path);
            }

            // Should the process end here, the new file says up to where it holds the changes.
            lock (_changing)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                Swap(HashIndex.Open(_path, HashIndexLog.Read(_path)));
                _log.Cut(absorbed);
            }
        }
    }

    /// <summary>Closes the index; the memory goes when the last look-up under way has ended.</summary>
    public void Dispose()
    {
        lock (_changing)
        {
            Volatile.Write(ref _closed, true);
            _current.Data.Dispose();
            _log.Dispose();
        }
    }

    private int Change(HashIndexChange change)
    {
        lock (_changing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            HashIndex next = _current.With(change, out int entries);
            if (entries > 0)
            {
                _log.Append(change);
                Volatile.Write(ref _current, next);
            }

            return entries;
        }
    }

    private void Swap(HashIndex next)
    {
        HashIndex former = _current;
        Volatile.Write(ref _current, next);
        former.Data.Dispose();
    }
}
