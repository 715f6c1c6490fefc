using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Matching;

namespace SafetySdk.Native.Exports;

/// <summary>Lists of known content of safetysdk.h.</summary>
internal static unsafe class IndexExports
{
    [UnmanagedCallersOnly(EntryPoint = "safety_index_open", CallConvs = [typeof(CallConvCdecl)])]
    public static int Open(NativeSpan path, int live, nint* index) => Guard.Run(() =>
    {
        Arguments.NotNull(index, nameof(index));
        *index = 0;
        string file = Required(path, nameof(path));
        *index = HandleTable.Add(live != 0 ? new NativeIndex(LiveHashIndex.Open(file)) : new NativeIndex(HashIndex.OpenAny(file)));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_build", CallConvs = [typeof(CallConvCdecl)])]
    public static int Build(NativeIndexBuildOptions* options) => Guard.Run(() =>
    {
        Arguments.NotNull(options, nameof(options));
        NativeIndexBuildOptions given = Arguments.Read(options, sizeof(NativeIndexBuildOptions), nameof(options));
        string path = Required(given.Path, "path");
        List<string> lists = Marshalling.Names(given.Lists, given.ListCount, "lists");
        if (lists.Count == 0)
        {
            throw new NativeCallException(Status.InvalidArgument, "lists: at least one is needed.");
        }

        using var writer = new HashIndexWriter(
            Marshalling.Name(given.Name, "name") ?? Path.GetFileName(path), given.MatchDistance, given.QualityGate);
        using var builder = new HashListBuilder(writer);
        lists.ForEach(builder.Add);
        builder.Complete();
        if (writer.Count == 0)
        {
            throw new NativeCallException(Status.List, "lists: they hold no hash; are they the right files, and whole?");
        }

        writer.Save(path);
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_close", CallConvs = [typeof(CallConvCdecl)])]
    public static int Close(nint index) => Guard.Run(() => Arguments.Free<NativeIndex>(index, nameof(index)));

    [UnmanagedCallersOnly(EntryPoint = "safety_index_name", CallConvs = [typeof(CallConvCdecl)])]
    public static int Name(nint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Now(index, static i => i.Name), buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_index_digest", CallConvs = [typeof(CallConvCdecl)])]
    public static int Digest(nint index, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Now(index, static i => i.Digest), buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_index_count", CallConvs = [typeof(CallConvCdecl)])]
    public static int Count(nint index, int kind, long* count) => Guard.Run(() =>
    {
        Arguments.NotNull(count, nameof(count));
        *count = 0;
        *count = kind == 0 ? Now(index, static i => i.Count) : Now(index, i => i.CountOf(HashingExports.Kind(kind)));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_add", CallConvs = [typeof(CallConvCdecl)])]
    public static int Add(nint index, NativeIndexEntry* entry) => Guard.Run(() =>
    {
        Arguments.NotNull(entry, nameof(entry));
        NativeIndexEntry given = Arguments.Read(entry, sizeof(NativeIndexEntry), nameof(entry));
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        target.Value.Live.Add(new HashListEntry(
            Required(given.Id, "id"),
            HashingExports.Kind(given.Kind),
            Required(given.Hash, "hash"),
            Marshalling.Names(given.Labels, given.LabelCount, "labels"),
            string.Empty));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_remove", CallConvs = [typeof(CallConvCdecl)])]
    public static int Remove(nint index, int kind, NativeSpan hash, NativeSpan id, long* removed) => Guard.Run(() =>
    {
        if (removed is not null)
        {
            *removed = 0;
        }

        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        int entries = target.Value.Live.Remove(HashingExports.Kind(kind), Required(hash, nameof(hash)), Marshalling.Name(id, nameof(id)));
        if (removed is not null)
        {
            *removed = entries;
        }

        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_flush", CallConvs = [typeof(CallConvCdecl)])]
    public static int Flush(nint index) => Guard.Run(() =>
    {
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        target.Value.Live.Flush();
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_compact", CallConvs = [typeof(CallConvCdecl)])]
    public static int Compact(nint index) => Guard.Run(() =>
    {
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        target.Value.Live.Compact();
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_match_file", CallConvs = [typeof(CallConvCdecl)])]
    public static int MatchFile(nint index, nint decoder, NativeSpan file, nint* matches) => Guard.Run(() =>
    {
        Arguments.NotNull(matches, nameof(matches));
        *matches = 0;
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        ReadOnlySpan<byte> encoded = Marshalling.Span(file, nameof(file));
        if (decoder == 0)
        {
            bool pictures = Now(index, static i => i.CountOf(HashKind.Pdq)) > 0;
            *matches = HandleTable.Add(NativeMatches.Of(
                target.Value.Matcher.MatchFile(encoded).Matches, pictures ? MatchOutcome.DigestsOnly : MatchOutcome.None));
            return Status.Ok;
        }

        NativeDecoder with = Arguments.Object<NativeDecoder>(decoder, nameof(decoder));
        using DecodedImage decoded = with.Decoder.Decode(encoded, with.Options);
        KnownContentResult found = target.Value.Matcher.Match(encoded, decoded.Pixels);
        *matches = HandleTable.Add(NativeMatches.Of(
            found.Matches, found.TooLittleDetail ? MatchOutcome.TooLittleDetail : MatchOutcome.None));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_match_pdq", CallConvs = [typeof(CallConvCdecl)])]
    public static int MatchPdq(nint index, NativePdq* hash, nint* matches) => Guard.Run(() =>
    {
        Arguments.NotNull(matches, nameof(matches));
        *matches = 0;
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        *matches = HandleTable.Add(NativeMatches.Of(
            target.Value.Matcher.Match(HashingExports.Read(hash, nameof(hash))), MatchOutcome.None));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_index_match_digest", CallConvs = [typeof(CallConvCdecl)])]
    public static int MatchDigest(nint index, int kind, NativeSpan digest, nint* matches) => Guard.Run(() =>
    {
        Arguments.NotNull(matches, nameof(matches));
        *matches = 0;
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        *matches = HandleTable.Add(NativeMatches.Of(
            target.Value.Matcher.Match(HashingExports.ExactKind(kind), Marshalling.Span(digest, nameof(digest))), MatchOutcome.None));
        return Status.Ok;
    });

    private static T Now<T>(nint index, Func<HashIndex, T> read)
    {
        using Use<NativeIndex> target = Arguments.Enter<NativeIndex>(index, nameof(index));
        using HashIndexLease lease = target.Value.Acquire();
        return read(lease.Index);
    }

    private static string Required(NativeSpan text, string name)
        => Marshalling.Name(text, name) ?? throw new NativeCallException(Status.InvalidArgument, $"{name} is empty.");
}
