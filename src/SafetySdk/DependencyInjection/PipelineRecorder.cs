using SafetySdk.Audit;
using SafetySdk.Pipeline;
using SafetySdk.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Hands every verdict of the pipeline to the recorder of the stores. Thread-safe.</summary>
internal sealed class PipelineRecorder(VerdictRecorder recorder) : ISafetyRecorder
{
    public async ValueTask RecordAsync(SafetyRecord record, CancellationToken cancellationToken)
    {
        InputDigest[] inputs = [.. record.Inputs.Select(Keyed).OrderBy(input => input.Digest, StringComparer.Ordinal)];
        var subject = new CheckSubject
        {
            AccountId = record.AccountId,
            Operation = record.Operation,
            Age = record.Age,
            AgeSource = record.AgeSource,
            Account = record.Account,
            Inputs = inputs,
        };
        await recorder.RecordAsync(record.Verdict, subject, cancellationToken).ConfigureAwait(false);
    }

    // Under the host's key, as a plain digest in the log could be tried out; without numbers, as the order of inputs leaves no trace.
    private InputDigest Keyed(ContentDigest input)
    {
        byte[] sha256 = Convert.FromHexString(input.Sha256);
        string part = input.Source.TrimEnd(' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return new InputDigest(part, part is "image" or "output image" ? recorder.Digester.OfFileSha256(sha256) : recorder.Digester.OfTextSha256(sha256));
    }
}
