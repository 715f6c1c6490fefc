using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Policies;

namespace SafetySdk.Storage;

/// <summary>Who asked and what for, as far as it is recorded: no content, but digests of it.</summary>
public sealed record CheckSubject
{
    /// <summary>The host's opaque identifier of the account; null where there is none.</summary>
    public string? AccountId { get; init; }

    /// <summary>What the user wanted to do.</summary>
    public Operation Operation { get; init; }

    /// <summary>The user's age band, as it was judged.</summary>
    public AgeBand Age { get; init; }

    /// <summary>Who said the age band; <see cref="AgeSource.None"/> where the request did, or nobody.</summary>
    public AgeSource AgeSource { get; init; }

    /// <summary>What the account gate was told; null where accounts are not looked up, or the look-up failed.</summary>
    public AccountStatus? Account { get; init; }

    /// <summary>Digests of what was checked.</summary>
    public IReadOnlyList<InputDigest> Inputs { get; init; } = [];

    /// <summary>Digests the parts of a request. Their order leaves no trace.</summary>
    /// <param name="digester">Makes the digests.</param>
    /// <param name="prompt">The prompt; null where there is none.</param>
    /// <param name="images">Pictures that the user gave.</param>
    /// <param name="outputImages">Pictures that the model made.</param>
    public static IReadOnlyList<InputDigest> Digest(
        InputDigester digester,
        string? prompt,
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        IReadOnlyList<ReadOnlyMemory<byte>> outputImages)
    {
        ArgumentNullException.ThrowIfNull(digester);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(outputImages);
        var inputs = new List<InputDigest>(images.Count + outputImages.Count + 1);
        if (prompt is not null)
        {
            inputs.Add(new InputDigest("prompt", digester.OfText(prompt)));
        }

        foreach (ReadOnlyMemory<byte> image in images)
        {
            inputs.Add(new InputDigest("image", digester.OfFile(image.Span)));
        }

        foreach (ReadOnlyMemory<byte> image in outputImages)
        {
            inputs.Add(new InputDigest("output image", digester.OfFile(image.Span)));
        }

        if (inputs.Count > 1)
        {
            inputs.Sort(static (a, b) => string.CompareOrdinal(a.Digest, b.Digest));
        }

        return inputs;
    }

    /// <summary>Names no account.</summary>
    public override string ToString() => $"{nameof(CheckSubject)} {{ {Operation}, {Age} }}";
}
