namespace SafetySdk.Policies;

/// <summary>Where a person who may harm themself finds help. Part of the policy, so that a host can change it without a new build.</summary>
/// <param name="Locale">
/// Whom it is for: a language and region (<c>en-GB</c>), a region (<c>GB</c>), a language (<c>de</c>), or <c>*</c> for everyone.
/// </param>
/// <param name="Name">Name of the service.</param>
/// <param name="Contact">Telephone number or address.</param>
public sealed record HelpResource(string Locale, string Name, string Contact)
{
    /// <summary>The locale of the resource for everyone.</summary>
    public const string Anyone = "*";

    /// <summary>Used where a policy names nothing for anyone.</summary>
    public static HelpResource Default { get; } = new(
        Anyone, "Local emergency number, or the directory Find a Helpline", "findahelpline.com");

    /// <summary>
    /// The resource that fits a locale best: language and region, then region, then language, then everyone.
    /// </summary>
    /// <param name="resources">The policy's resources.</param>
    /// <param name="locale">A locale such as <c>de-AT</c> or <c>de_AT</c>; null where it is not known. Case does not matter.</param>
    /// <returns>Always a resource.</returns>
    public static HelpResource For(IReadOnlyList<HelpResource> resources, string? locale)
    {
        ArgumentNullException.ThrowIfNull(resources);
        string whole = (locale ?? string.Empty).Replace('_', '-');
        string[] parts = whole.Split('-', StringSplitOptions.RemoveEmptyEntries);
        string language = parts.Length > 0 ? parts[0] : string.Empty;
        // A region has two letters or three digits; a script (zh-Hans-CN) has four letters.
        string region = parts.Skip(1).FirstOrDefault(static p => p.Length is 2 or 3) ?? string.Empty;
        return Find($"{language}-{region}") ?? Find(region, isRegion: true) ?? Find(language) ?? Find(Anyone) ?? Default;

        HelpResource? Find(string wanted, bool isRegion = false) => wanted.Length == 0
            ? null
            : resources.FirstOrDefault(r => string.Equals(r.Locale, wanted, StringComparison.OrdinalIgnoreCase)
                && isRegion == (r.Locale.Length == 2 && char.IsAsciiLetterUpper(r.Locale[0])));
    }
}
