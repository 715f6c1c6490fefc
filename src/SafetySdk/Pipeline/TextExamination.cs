using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Pipeline;

/// <summary>Runs the prompt classifiers on one text and keeps what they saw, with where it was seen.</summary>
internal sealed class TextExamination(IReadOnlyList<IPromptClassifier> classifiers)
{
    public void Examine(string text, TextOrigin origin, string source, List<Signal> signals, List<CheckFailure> failures)
    {
        if (classifiers.Count == 0)
        {
            failures.Add(new CheckFailure(source, CheckFailureKind.Unavailable, "no prompt classifier is registered.") { Source = source });
        }

        foreach (IPromptClassifier classifier in classifiers)
        {
            try
            {
                foreach (Signal signal in classifier.Classify(text, origin))
                {
                    signals.Add(signal with { Source = source, Modality = Modality.Text });
                }
            }
            catch (PromptException e)
            {
                failures.Add(new CheckFailure(classifier.Name, CheckFailureKind.InvalidInput, $"{source}: {e.Message}") { Source = source });
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A classifier may quote its input in a message: the type alone is safe to pass on.
                string message = $"{source}: the classifier failed ({e.GetType().Name}).";
                failures.Add(new CheckFailure(classifier.Name, CheckFailureKind.Fault, message) { Source = source });
            }
        }
    }
}
