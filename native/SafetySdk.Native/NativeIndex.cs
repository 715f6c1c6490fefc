using SafetySdk.Matching;

namespace SafetySdk.Native;

/// <summary>An index behind a handle: one that is only searched, or one that changes.</summary>
internal sealed class NativeIndex : SharedResource
{
    private readonly HashIndex? _fixed;
    private readonly LiveHashIndex? _live;

    public NativeIndex(HashIndex index)
    {
        _fixed = index;
        Matcher = new HashIndexMatcher([index]);
    }

    public NativeIndex(LiveHashIndex index)
    {
        _live = index;
        Matcher = new HashIndexMatcher([new KnownContentBank(index)]);
    }

    public HashIndexMatcher Matcher { get; }

    public LiveHashIndex Live
        => _live ?? throw new NativeCallException(Status.InvalidArgument, "index: opened for searching only; open it with live set.");

    /// <summary>The version as it is now.</summary>
    public HashIndexLease Acquire() => _live?.Acquire() ?? _fixed!.Acquire();

    protected override void Release()
    {
        _live?.Dispose();
        _fixed?.Dispose();
    }
}
