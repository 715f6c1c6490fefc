using SafetySdk.Classification;

namespace SafetySdk.Prompts.Requests;

/// <summary>Why a stretch of a prompt was changed.</summary>
public enum RewriteReason
{
    /// <summary>It names a living artist; medium, genre and period stand in place of the name.</summary>
    LivingArtist,

    /// <summary>It names a brand; what the brand makes stands in its place.</summary>
    Brand,
}

/// <summary>A stretch of a prompt that was changed.</summary>
/// <param name="Span">Where it stood in the prompt as given.</param>
/// <param name="Replacement">What stands there now.</param>
/// <param name="Reason">Why.</param>
public sealed record RewriteChange(TextSpan Span, string Replacement, RewriteReason Reason);

/// <summary>
/// A prompt that asks for much the same without what the policy objects to. An offer: nothing is rewritten unless the host, with the user's
/// consent, sends it. Immutable.
/// </summary>
/// <param name="Text">The whole prompt, rewritten.</param>
/// <param name="Changes">What was changed, by place.</param>
public sealed record OfferedRewrite(string Text, IReadOnlyList<RewriteChange> Changes)
{
    /// <summary>Names no content.</summary>
    public override string ToString() => $"{nameof(OfferedRewrite)} {{ {Changes.Count} changes }}";
}
