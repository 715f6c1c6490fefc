using SafetySdk.Classification;
using SafetySdk.External;
using SafetySdk.Policies;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Runs every prompt classifier on every text of a stage and keeps what they saw, with where it was seen.</summary>
internal sealed class TextExamination(IReadOnlyList<IPromptClassifier> classifiers, ExternalExamination external)
{
    public async ValueTask ExamineAsync(
        IReadOnlyList<TextPart> texts, Operation operation, StageBudget budget, List<Signal> signals, List<CheckFailure> failures)
    {
        if (texts.Count == 0)
        {
            return;
        }

        if (classifiers.Count == 0)
        {
            failures.AddRange(texts.Select(static t =>
                new CheckFailure(t.Source, CheckFailureKind.Unavailable, "no prompt classifier is registered.") { Source = t.Source }));
        }

        ValueTask<ExternalOutcome[]> others = external.Any
            ? external.ExamineAsync(
                [.. texts.Select(t => new ExternalQuery { Stage = budget.Stage, Operation = operation, Source = t.Source, Text = t.Text })], budget)
            : new([]);
        (TextPart Text, IPromptClassifier Classifier)[] looks = [.. from text in texts from classifier in classifiers select (text, classifier)];
        TextOutcome[] outcomes = await budget.ComputeAsync(
            looks,
            static (look, token) => Classify(look.Text, look.Classifier, token),
            static look => Failed(look.Text, look.Classifier, CheckFailureKind.TimedOut, "not done within the time of the stage.")).ConfigureAwait(false);
        foreach (TextOutcome outcome in outcomes)
        {
            signals.AddRange(outcome.Signals);
            if (outcome.Failure is { } failure)
            {
                failures.Add(failure);
            }
        }

        foreach (ExternalOutcome outcome in await others.ConfigureAwait(false))
        {
            signals.AddRange(outcome.Signals);
            if (outcome.Failure is { } failure)
            {
                failures.Add(failure);
            }
        }
    }

    /// <summary>
    /// What texts show when read as one and do not show one by one: a sentence split over turns, or between the prompt and pictures. Only
    /// what is new or stronger than in the parts is kept, without spans: they would point into a text that nobody typed.
    /// </summary>
    public async ValueTask<IReadOnlyList<Signal>> JoinedAsync(
        string joined, string source, Operation operation, StageBudget budget, IReadOnlyList<Signal> parts, List<CheckFailure> failures)
    {
        var found = new List<Signal>();
        var failed = new List<CheckFailure>();
        await ExamineAsync([.. TextPart.Pieces(joined, source)], operation, budget, found, failed).ConfigureAwait(false);
        failures.AddRange(failed.DistinctBy(static f => (f.Check, f.Kind, f.Message)));
        return
        [
            .. found.Where(j => !parts.Any(p => p.Category == j.Category && p.Score >= j.Score)).Select(static j => j with { Span = null }).Distinct(),
        ];
    }

    private static TextOutcome Classify(TextPart text, IPromptClassifier classifier, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<Signal> found = classifier.Classify(text.Text, text.Origin);
            if (found.Count == 0)
            {
                return TextOutcome.Nothing;
            }

            var signals = new Signal[found.Count];
            for (int i = 0; i < signals.Length; i++)
            {
                signals[i] = found[i] with { Source = text.Source, Modality = Modality.Text };
            }

            return new TextOutcome(signals, null);
        }
        catch (PromptException e)
        {
            return Failed(text, classifier, CheckFailureKind.InvalidInput, e.Message);
        }
        catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
        {
            // A classifier may quote its input in a message: the type alone is safe to pass on.
            return Failed(text, classifier, CheckFailureKind.Fault, $"the classifier failed ({e.GetType().Name}).");
        }
    }

    private static TextOutcome Failed(TextPart text, IPromptClassifier classifier, CheckFailureKind kind, string message)
        => new([], new CheckFailure(classifier.Name, kind, $"{text.Source}: {message}") { Source = text.Source });

    private sealed record TextOutcome(IReadOnlyList<Signal> Signals, CheckFailure? Failure)
    {
        public static TextOutcome Nothing { get; } = new([], null);
    }
}
