using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.External;

/// <summary>How an external detector is called. Immutable.</summary>
public sealed record ExternalDetectorOptions
{
    /// <summary>The defaults.</summary>
    public static ExternalDetectorOptions Default { get; } = new();

    /// <summary>How long one call may take, above zero. Default 5 seconds.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Failures in a row after which calls are not tried for a while, at least 1. Default 5.</summary>
    public int FailuresToOpen { get; init; } = 5;

    /// <summary>How long calls are not tried then, above zero. Default 30 seconds.</summary>
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What a failure of this detector leads to, at least what the policy says: <see cref="Decision.Review"/> or
    /// <see cref="Decision.Block"/>. Default review.</summary>
    public Decision WhenItFails { get; init; } = Decision.Review;

    /// <summary>Stages where it is called; empty means every one that has something for it to look at.</summary>
    public IReadOnlyList<Stage> Stages { get; init; } = [];
}

/// <summary>
/// Calls an external detector so that it can do no harm: with a deadline, through a circuit breaker, its answer checked member by member.
/// What is late, wrong or refused is a failed check. Thread-safe; one object for all calls, since the breaker counts over them.
/// </summary>
public sealed class GuardedDetector
{
    private const int MostFindings = 1000;

    private readonly IExternalDetector _detector;
    private readonly ExternalDetectorOptions _options;
    private readonly TimeProvider _clock;
    private readonly CircuitBreaker _breaker;

    /// <summary>Guards a detector.</summary>
    /// <param name="detector">The detector; stays the caller's to dispose.</param>
    /// <param name="options">How it is called; null for the defaults.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public GuardedDetector(IExternalDetector detector, ExternalDetectorOptions? options = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(detector);
        _detector = detector;
        _options = options ?? ExternalDetectorOptions.Default;
        _clock = clock ?? TimeProvider.System;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.Deadline, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.OpenFor, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.FailuresToOpen, 1, nameof(options));
        if (_options.WhenItFails is not (Decision.Review or Decision.Block))
        {
            throw new ArgumentOutOfRangeException(nameof(options), "A failed detector leads to a review or a block.");
        }

        _breaker = new CircuitBreaker(_options.FailuresToOpen, _options.OpenFor, _clock);
    }

    /// <summary>Name and version, for verdicts.</summary>
    public DetectorVersion Detector => new(_detector.Name, _detector.Version);

    /// <summary>Whether calls go through now.</summary>
    public CircuitState Circuit => _breaker.State;

    /// <summary>Whether it looks at texts in a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="inputs">What there is to look at.</param>
    public bool LooksAt(Stage stage, ExternalInputs inputs)
        => (_detector.Inputs & inputs) != 0 && (_options.Stages.Count == 0 || _options.Stages.Contains(stage));

    /// <summary>Calls the detector.</summary>
    /// <param name="query">What to look at.</param>
    /// <param name="cancellationToken">Gives up; that does not count against the detector.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<ExternalOutcome> ExamineAsync(ExternalQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_breaker.TryEnter())
        {
            return Failed(query, CheckFailureKind.Unavailable, "it failed repeatedly and is not called for a while.");
        }

        using var deadline = new CancellationTokenSource(_options.Deadline, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        CancellationToken token = either.Token;
        try
        {
            // On the pool, since a detector may block before it first awaits.
            ExternalReply reply = await Task.Run(() => _detector.ExamineAsync(query, token).AsTask(), token).WaitAsync(token).ConfigureAwait(false);
            ExternalOutcome outcome = Read(query, reply);
            if (outcome.Failure is null)
            {
                _breaker.Succeed();
            }
            else
            {
                _breaker.Fail();
            }

            return outcome;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _breaker.Withdraw();
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            _breaker.Fail();
            return Failed(query, CheckFailureKind.TimedOut, $"no answer within {_options.Deadline.TotalSeconds:0.###} s.");
        }
        catch (Exception e)
        {
            // A detector may quote its input in a message: the type alone is safe to pass on.
            _breaker.Fail();
            return Failed(query, CheckFailureKind.Fault, $"it failed ({e.GetType().Name}).");
        }
    }

    private ExternalOutcome Read(ExternalQuery query, ExternalReply? reply)
    {
        if (reply?.Findings is null)
        {
            return Failed(query, CheckFailureKind.Fault, "it answered nothing at all.");
        }

        if (reply.Findings.Count > MostFindings)
        {
            return Failed(query, CheckFailureKind.Fault, $"it answered more than {MostFindings} findings.");
        }

        string version = reply.Version ?? _detector.Version;
        var signals = new List<Signal>(reply.Findings.Count);
        CheckFailure? failure = null;
        foreach (ExternalFinding? finding in reply.Findings)
        {
            if (finding is null || !_detector.Categories.Contains(finding.Category) || !(finding.Score is >= 0 and <= 1)
                || (uint)finding.Category >= (uint)SafetyCategories.All.Count)
            {
                // What it did find still counts: a wrong line takes no right one back.
                failure = Failure(query, CheckFailureKind.Fault, "a finding has a category that it does not declare, or a score outside 0 to 1.");
                continue;
            }

            bool match = finding.Category == SafetyCategory.KnownContent;
            signals.Add(new Signal(
                finding.Category, match ? KnownContentScore.Of(finding.Basis, finding.Score) : finding.Score, _detector.Name, version)
            {
                Modality = query.Text is null ? Modality.Image : Modality.Text,
                Region = finding.Region,
                Span = finding.Span,
                Source = query.Source,
            });
        }

        return new ExternalOutcome(signals, failure);
    }

    private ExternalOutcome Failed(ExternalQuery query, CheckFailureKind kind, string message) => new([], Failure(query, kind, message));

    /// <summary>The failed check of this detector, with its own rule.</summary>
    internal CheckFailure Failure(ExternalQuery query, CheckFailureKind kind, string message)
        => new(_detector.Name, kind, $"{query.Source}: {message}")
        {
            Source = query.Source,
            Categories = [.. _detector.Categories],
            Blocks = _options.WhenItFails == Decision.Block,
        };
}
