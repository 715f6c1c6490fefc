using SafetySdk.External;

namespace SafetySdk.Tests.External;

public sealed class CircuitBreakerTests
{
    private readonly ManualClock _clock = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(3, TimeSpan.FromSeconds(30), _clock);

    [Fact]
    public void It_opens_after_failures_in_a_row_only()
    {
        Fail(2);
        Assert.True(_breaker.TryEnter());
        _breaker.Succeed();
        Fail(2);
        Assert.Equal(CircuitState.Closed, _breaker.State);
        Fail(1);
        Assert.Equal(CircuitState.Open, _breaker.State);
        Assert.False(_breaker.TryEnter());
    }

    [Fact]
    public void After_the_pause_one_call_tries_and_its_success_closes()
    {
        Fail(3);
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(_breaker.TryEnter());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(CircuitState.HalfOpen, _breaker.State);
        Assert.True(_breaker.TryEnter());
        Assert.False(_breaker.TryEnter());
        _breaker.Succeed();
        Assert.Equal(CircuitState.Closed, _breaker.State);
        Assert.True(_breaker.TryEnter());
    }

    [Fact]
    public void A_try_that_fails_opens_it_for_another_pause()
    {
        Fail(3);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Fail(1);
        Assert.Equal(CircuitState.Open, _breaker.State);
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(_breaker.TryEnter());
    }

    [Fact]
    public void A_try_that_is_given_up_leaves_the_next_call_to_try()
    {
        Fail(3);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_breaker.TryEnter());
        _breaker.Withdraw();
        Assert.True(_breaker.TryEnter());
    }

    private void Fail(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.True(_breaker.TryEnter());
            _breaker.Fail();
        }
    }
}
