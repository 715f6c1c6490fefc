using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Pipeline;
using SafetySdk.Policies;

namespace SafetySdk.Native;

/// <summary>A pipeline behind a handle. It goes when it was freed and the last check under way is done.</summary>
internal sealed class NativePipeline : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly SafetyPipeline _pipeline;
    private int _users = 1;

    public NativePipeline(string? home, string? policy, IEnumerable<string> lists)
    {
        var services = new ServiceCollection();
        services.AddSafety(options =>
        {
            options.Home = home;
            options.Policy = policy ?? options.Policy;
            foreach (string list in lists)
            {
                options.Lists.Add(list);
            }
        }).AddVipsDecoder().AddOnnxDetectors();
        _services = services.BuildServiceProvider();
        try
        {
            _pipeline = _services.GetRequiredService<SafetyPipeline>();
        }
        catch
        {
            _services.Dispose();
            throw;
        }
    }

    public Verdict Check(SafetyRequest request)
    {
        if (!TryEnter())
        {
            throw new NativeCallException(Status.InvalidHandle, "the pipeline was freed.");
        }

        try
        {
            return _pipeline.Check(request);
        }
        finally
        {
            Leave();
        }
    }

    public void Dispose() => Leave();

    private bool TryEnter()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _services.Dispose();
        }
    }
}
