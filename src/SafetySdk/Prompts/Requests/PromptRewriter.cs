using System.Text;
using SafetySdk.Classification;

namespace SafetySdk.Prompts.Requests;

/// <summary>
/// Words a prompt anew where it asks for the style of a living artist: the name becomes a description of medium and period where the lists
/// know one, and contemporary painting otherwise; brands become what they make. Judges nothing: what it writes has to be checked like any
/// other prompt. Thread-safe; time is linear in the prompt.
/// </summary>
/// <param name="names">The host's names, the same as the classifier's; null for the embedded ones alone.</param>
public sealed class PromptRewriter(RequestNames? names = null)
{
    private const string FallbackLanguage = "en";
    private const int StyleWords = 1;
    private static readonly Lazy<Wording> Words = new(static () => new Wording());
    private readonly PromptLists _lists = PromptLists.Embedded;

    /// <summary>Offers another wording.</summary>
    /// <param name="prompt">The prompt as given.</param>
    /// <returns>The offer; null where the prompt names no living artist.</returns>
    /// <exception cref="PromptException">The prompt is empty, not valid Unicode or exceeds a limit.</exception>
    public OfferedRewrite? Offer(string prompt)
    {
        using NormalisedText plain = TextNormaliser.Normalise(prompt);
        TermHits terms = TextReading.Match(plain, _lists, []);
        names?.Find(plain, _lists, terms);
        IReadOnlyList<(int Start, int End)> artists = terms.Of(_lists.Concept(PromptConcepts.LivingArtist));
        if (artists.Count == 0)
        {
            return null;
        }

        var changes = new List<RewriteChange>();
        foreach ((int start, int end) in artists)
        {
            TextSpan span = plain.Source(start, end);
            string name = plain.Characters[start..end].ToString();
            string language = LanguageAt(terms, start, end);
            bool possessive = language == FallbackLanguage && EndsInPossessive(prompt, span);
            string description = Words.Value.Describe(name, language);
            changes.Add(new RewriteChange(span, possessive ? description + "'s" : description, RewriteReason.LivingArtist));
        }

        var brands = new List<PhraseHit>();
        Words.Value.Brands.Match(plain.Characters, plain.Joined, brands);
        changes.AddRange(brands.Select(h => new RewriteChange(plain.Source(h.Start, h.End), Words.Value.Generic(h.Phrase), RewriteReason.Brand)));
        return Apply(prompt, changes);
    }

    private static OfferedRewrite Apply(string prompt, List<RewriteChange> changes)
    {
        var text = new StringBuilder(prompt.Length);
        var kept = new List<RewriteChange>();
        int at = 0;
        foreach (RewriteChange change in changes.OrderBy(static c => c.Span.Start).ThenByDescending(static c => c.Span.Length))
        {
            if (change.Span.Start >= at)
            {
                text.Append(prompt, at, change.Span.Start - at).Append(change.Replacement);
                at = change.Span.Start + change.Span.Length;
                kept.Add(change);
            }
        }

        return new OfferedRewrite(text.Append(prompt, at, prompt.Length - at).ToString(), kept);
    }

    private static bool EndsInPossessive(string prompt, TextSpan span)
    {
        ReadOnlySpan<char> written = prompt.AsSpan(span.Start, span.Length);
        return written.Length > 2 && written[^1] is 's' or 'S' && written[^2] is '\'' or '’';
    }

    // The language of the words that ask for the style: that of the whole prompt may be another.
    private string LanguageAt(TermHits terms, int start, int end)
    {
        foreach (string language in Words.Value.Languages)
        {
            foreach (string place in (ReadOnlySpan<string>)["style_before", "style_after"])
            {
                if (_lists.TryConcept($"{language}:{place}", out int concept)
                    && terms.Of(concept).Any(h => place == "style_before" ? h.End <= start && terms.Gap(h.End, start) <= StyleWords
                        : h.Start >= end && terms.Gap(end, h.Start) <= StyleWords))
                {
                    return language;
                }
            }
        }

        return FallbackLanguage;
    }

    /// <summary>The lists of replacements, read once.</summary>
    private sealed class Wording
    {
        private readonly Dictionary<string, string> _artists = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _styles = new(StringComparer.Ordinal);
        private readonly List<string> _generic = [];

        public Wording()
        {
            foreach (ListRow row in PromptListReader.Rows("rewrites.artists", 2, 2))
            {
                string name = Plain(row.Cells[0]);
                _artists[name] = row.Cells[1];
                _artists[name + "s"] = row.Cells[1];
            }

            foreach (ListRow row in PromptListReader.Rows("rewrites.styles", 2, 2))
            {
                _styles[row.Cells[0]] = row.Cells[1];
            }

            var brands = new PhraseMatcher.Builder();
            foreach (ListRow row in PromptListReader.Rows("rewrites.brands", 2, 2))
            {
                foreach (string brand in row.Phrases(1))
                {
                    if (brands.Add(Plain(brand), false, false) == _generic.Count)
                    {
                        _generic.Add(row.Cells[0]);
                    }
                }
            }

            Brands = brands.Build();
        }

        public PhraseMatcher Brands { get; }

        /// <summary>English last: its words occur in prompts of all languages.</summary>
        public IEnumerable<string> Languages => _styles.Keys.OrderBy(static l => l == FallbackLanguage).ThenBy(static l => l, StringComparer.Ordinal);

        public string Generic(int brand) => _generic[brand];

        public string Describe(string name, string language)
            => language == FallbackLanguage && _artists.TryGetValue(name, out string? known) ? known : _styles[language];

        private static string Plain(string words)
        {
            using NormalisedText plain = TextNormaliser.Normalise(words);
            return plain.Characters.ToString();
        }
    }
}
