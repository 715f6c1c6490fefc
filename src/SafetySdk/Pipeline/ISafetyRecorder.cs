using System.Security.Cryptography;
using System.Text;
using SafetySdk.Accounts;
using SafetySdk.Policies;

namespace SafetySdk.Pipeline;

/// <summary>
/// Is told of every finished verdict before the caller is: the place of audit, account and report stores. Implementations are
/// thread-safe.
/// </summary>
public interface ISafetyRecorder
{
    /// <summary>Records a verdict, durably where the implementation says so.</summary>
    /// <param name="record">The verdict and what it was about; no content.</param>
    /// <param name="cancellationToken">Cancelled when the caller gives up.</param>
    /// <returns>Done once it is recorded. An exception makes the verdict a failed check: what is not recorded is not allowed.</returns>
    ValueTask RecordAsync(SafetyRecord record, CancellationToken cancellationToken);
}

/// <summary>A verdict and what it was about, without content.</summary>
public sealed record SafetyRecord
{
    /// <summary>The verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>What was asked for.</summary>
    public required Operation Operation { get; init; }

    /// <summary>The user's age, as it was judged: the stricter of what the host said and what the account says.</summary>
    public required AgeBand Age { get; init; }

    /// <summary>Who said <see cref="Age"/>; <see cref="AgeSource.None"/> where the request did, or nobody.</summary>
    public AgeSource AgeSource { get; init; }

    /// <summary>What the account gate was told; null where accounts are not looked up, or the look-up failed.</summary>
    public AccountStatus? Account { get; init; }

    /// <summary>The account, as the host named it; null where it did not.</summary>
    public string? AccountId { get; init; }

    /// <summary>Whether the host's chat model refused.</summary>
    public bool ChatRefused { get; init; }

    /// <summary>Everything that was judged, by digest, named as in the verdict: <c>prompt</c>, <c>turn 0</c>, <c>image 0</c>,
    /// <c>output image 0</c>, <c>output text</c>; where the prompt was rewritten, what it was before as <c>earlier prompt 0</c>.</summary>
    public required IReadOnlyList<ContentDigest> Inputs { get; init; }

    /// <summary>Names neither account nor digests.</summary>
    public override string ToString() => $"{nameof(SafetyRecord)} {{ {Verdict.Id}, {Verdict.Decision}, {Inputs.Count} inputs }}";

    internal static SafetyRecord Of(Verdict verdict, PipelineRun run)
    {
        SafetyRequest request = run.Request;
        var inputs = new List<ContentDigest>();
        for (int i = 0; i < run.EarlierPrompts.Count; i++)
        {
            inputs.Add(Of($"earlier prompt {i}", Encoding.UTF8.GetBytes(run.EarlierPrompts[i])));
        }

        for (int i = 0; i < request.Turns.Count; i++)
        {
            inputs.Add(Of($"turn {i}", Encoding.UTF8.GetBytes(request.Turns[i])));
        }

        if (request.Prompt is { } prompt)
        {
            inputs.Add(Of("prompt", Encoding.UTF8.GetBytes(prompt)));
        }

        for (int i = 0; i < request.Images.Count; i++)
        {
            inputs.Add(Of($"image {i}", request.Images[i].Span));
        }

        for (int i = 0; i < request.OutputImages.Count; i++)
        {
            inputs.Add(Of($"output image {i}", request.OutputImages[i].Span));
        }

        if (request.OutputText is { } text)
        {
            inputs.Add(Of("output text", Encoding.UTF8.GetBytes(text)));
        }

        return new SafetyRecord
        {
            Verdict = verdict,
            Operation = request.Operation,
            Age = request.Age,
            AgeSource = run.Account?.Account.SourceFor(run.RequestedAge) ?? AgeSource.None,
            Account = run.Account,
            AccountId = request.AccountId,
            ChatRefused = request.ChatRefused,
            Inputs = inputs,
        };
    }

    private static ContentDigest Of(string source, ReadOnlySpan<byte> bytes) => new(source, Convert.ToHexStringLower(SHA256.HashData(bytes)));
}

/// <summary>One input by its digest.</summary>
/// <param name="Source">What it is, as in <see cref="Classification.Signal.Source"/>.</param>
/// <param name="Sha256">SHA-256 of the file or of the UTF-8 text, 64 lower-case hex digits.</param>
public sealed record ContentDigest(string Source, string Sha256)
{
    /// <summary>Does not show the digest.</summary>
    public override string ToString() => $"{nameof(ContentDigest)} {{ {Source} }}";
}
