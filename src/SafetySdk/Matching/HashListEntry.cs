using SafetySdk.Hashing;

namespace SafetySdk.Matching;

/// <summary>One hash of a list of known content.</summary>
/// <param name="Id">Identifier within the list, not empty: what the list gives, or <c>source:line</c>.</param>
/// <param name="Algorithm">PDQ, MD5, SHA-1 or SHA-256.</param>
/// <param name="Value">Lower-case hexadecimal digits.</param>
/// <param name="Labels">What the list says of it; may be empty.</param>
/// <param name="Source">Name of the list that it came from.</param>
public sealed record HashListEntry(string Id, HashKind Algorithm, string Value, IReadOnlyList<string> Labels, string Source)
{
    /// <summary>The list's class of the content, for example <c>A1</c>; null where it gives none.</summary>
    public string? Classification { get; init; }

    /// <summary>The list's state of the entry, lower case, for example <c>active</c>; null where it gives none.</summary>
    public string? State { get; init; }

    /// <summary>Names the list, and shows neither hash nor identifier nor labels.</summary>
    public override string ToString() => $"{nameof(HashListEntry)} {{ {Algorithm.Name()} of {Source} }}";
}
