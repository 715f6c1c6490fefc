namespace SafetySdk.Native;

/// <summary>What stops checks and decodes, behind a handle.</summary>
internal sealed class NativeCancellation : SharedResource
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public void Cancel() => _source.Cancel();

    /// <summary>Uses what is behind a handle; null, which never cancels, where the handle is.</summary>
    public static Use<NativeCancellation>? EnterAny(nint handle)
        => handle == 0 ? null : Arguments.Enter<NativeCancellation>(handle, "cancellation");

    protected override void Release() => _source.Dispose();
}
