using SafetySdk.Classification;
using SafetySdk.Prompts.Requests;

namespace SafetySdk.Prompts;

/// <summary>A finding in normalised text, before it becomes a signal.</summary>
internal readonly record struct Finding(SafetyCategory Category, double Score, int Start, int End);

/// <summary>What one reading of a text shows: phrases, rules, ages, and minors together with sexual terms.</summary>
internal static class TextReading
{
    private const int MaxFindingsPerRule = 8;
    private const int UnlessWords = 4;
    private const double SexualEvidence = 0.4;
    private const double Softened = 0.5;

    // Who reports abuse, asks for help or talks to their child must not be turned away: below what blocks, high enough for a person to look.
    private const double ReportComposition = 0.47;
    private const double AmbiguousMinorMention = 0.4;
    private const double MinorMention = 0.9;
    private const double AmbiguousComposition = 0.6;
    private const double HintComposition = 0.8;
    private const double ClothingComposition = 0.3;
    private const int AdultAge = 18;

    /// <summary>Finds everything in one normalised text.</summary>
    public static List<Finding> Find(NormalisedText plain, PromptLists lists, RequestNames? names = null)
    {
        var findings = new List<Finding>();
        ReadOnlySpan<char> text = plain.Characters;
        TermHits terms = Match(plain, lists, findings);
        names?.Find(plain, lists, terms);
        foreach (PromptRule rule in lists.Rules)
        {
            Apply(rule, terms, findings);
        }

        lists.Requests.Find(text, terms, findings);
        List<AgeMention> ages = AgeMentions.Find(text, terms, lists);
        AddMinors(terms, ages, lists, findings);
        Soften(terms, lists, findings);
        return findings;
    }

    /// <summary>Where the concepts occur; phrases that are findings by themselves are added.</summary>
    public static TermHits Match(NormalisedText plain, PromptLists lists, List<Finding> findings) => Match(plain, lists, findings, []);

    /// <summary>The concepts of one normalised text, with others that the caller found in it.</summary>
    internal static TermHits Terms(NormalisedText plain, PromptLists lists, List<(int Start, int End, int Concept)> others)
        => Match(plain, lists, [], others);

    private static TermHits Match(
        NormalisedText plain, PromptLists lists, List<Finding> findings, List<(int Start, int End, int Concept)> others)
    {
        var hits = new List<PhraseHit>();
        lists.Match(plain, hits);
        hits.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        var terms = new TermHits(lists.ConceptCount, plain);
        others.Sort();
        int other = 0;
        int benignEnd = 0;
        for (int group = 0; group < hits.Count;)
        {
            // Benign phrases with this start mask what begins here too, so they are looked at first.
            int next = group;
            for (; next < hits.Count && hits[next].Start == hits[group].Start; next++)
            {
                if (lists.IsBenign(hits[next].Phrase))
                {
                    benignEnd = Math.Max(benignEnd, WordEnd(plain.Characters, hits[next].End));
                }
            }

            for (; group < next; group++)
            {
                PhraseHit hit = hits[group];
                other = AddUpTo(others, other, hit.Start, terms);
                if (hit.End <= benignEnd)
                {
                    continue;
                }

                foreach (PhraseMeaning meaning in lists.Meanings(hit.Phrase))
                {
                    if (meaning.Role == PhraseRole.Finding)
                    {
                        findings.Add(new Finding(meaning.Category, meaning.Score, hit.Start, hit.End));
                    }
                    else if (meaning.Role == PhraseRole.Term)
                    {
                        terms.Add(meaning.Concept, hit.Start, hit.End);
                    }
                }
            }
        }

        _ = AddUpTo(others, other, int.MaxValue, terms);
        return terms;
    }

    // Terms must come by start.
    private static int AddUpTo(List<(int Start, int End, int Concept)> others, int from, int start, TermHits terms)
    {
        for (; from < others.Count && others[from].Start <= start; from++)
        {
            terms.Add(others[from].Concept, others[from].Start, others[from].End);
        }

        return from;
    }

    // A benign phrase whose last word goes on ("great tit*") covers that word to its end.
    private static int WordEnd(ReadOnlySpan<char> text, int end)
    {
        while (end < text.Length && ScriptKinds.IsWord(text[end]) && !ScriptKinds.IsUnspaced(text[end]))
        {
            end++;
        }

        return end;
    }

    /// <summary>Adds what a rule finds among the terms.</summary>
    internal static void Apply(PromptRule rule, TermHits terms, List<Finding> findings)
    {
        foreach (RuleSlot slot in rule.Slots)
        {
            if (!Array.Exists(slot.Concepts, terms.Any))
            {
                return;
            }
        }

        int found = 0;
        int from = 0;
        while (found < MaxFindingsPerRule && terms.TryNext(rule.Slots[0].Concepts, from, out (int Start, int End) first))
        {
            from = first.Start + 1;
            int end = first.End;
            bool complete = true;
            for (int i = 1; i < rule.Slots.Length && complete; i++)
            {
                RuleSlot slot = rule.Slots[i];
                complete = terms.TryNext(slot.Concepts, end, out (int Start, int End) next) && terms.Gap(end, next.Start) <= slot.MaxGap;
                end = complete ? next.End : end;
            }

            if (complete && !terms.AnyNear(rule.Unless, first.Start, end, UnlessWords))
            {
                findings.Add(new Finding(rule.Category, rule.Score, first.Start, end));
                found++;
            }
        }
    }

    // A minor and a sexual term in one text suffice, however far apart: hiding one far from the other must not help.
    private static void AddMinors(TermHits terms, List<AgeMention> ages, PromptLists lists, List<Finding> findings)
    {
        IReadOnlyList<(int Start, int End)> definite = terms.Of(lists.Concept(PromptConcepts.Minor));
        IReadOnlyList<(int Start, int End)> ambiguous = terms.Of(lists.Concept(PromptConcepts.AmbiguousMinor));
        bool adult = ages.Exists(a => a.Years >= AdultAge);
        int sexual = StrongestSexual(findings);
        IReadOnlyList<(int Start, int End)> hints = terms.Of(lists.Concept(PromptConcepts.SexualHint));
        IReadOnlyList<(int Start, int End)> clothing = terms.Of(lists.Concept(PromptConcepts.RevealingClothing));
        bool reports = sexual < 0 && terms.Any(lists.Concept(PromptConcepts.AbuseReport));

        (int Start, int End)? minor = null;
        foreach (AgeMention age in ages)
        {
            if (age.Years < AdultAge)
            {
                minor ??= (age.Start, age.End);
                findings.Add(new Finding(SafetyCategory.MinorMention, 1.0, age.Start, age.End));
            }
        }

        if (definite.Count > 0)
        {
            minor ??= definite[0];
            findings.Add(new Finding(SafetyCategory.MinorMention, MinorMention, definite[0].Start, definite[0].End));
        }
        else if (ambiguous.Count > 0 && !adult)
        {
            findings.Add(new Finding(SafetyCategory.MinorMention, AmbiguousMinorMention, ambiguous[0].Start, ambiguous[0].End));
        }

        if (minor is { } found && sexual >= 0)
        {
            AddComposition(found, (findings[sexual].Start, findings[sexual].End), 1.0, findings);
        }
        else if (minor is { } hinted && hints.Count > 0)
        {
            AddComposition(hinted, hints[0], reports ? ReportComposition : HintComposition, findings);
        }
        else if (minor is { } dressed && clothing.Count > 0)
        {
            // Children at the pool are no harm; a policy may still want to know.
            AddComposition(dressed, clothing[0], ClothingComposition, findings);
        }
        else if (ambiguous.Count > 0 && !adult && sexual >= 0)
        {
            AddComposition(ambiguous[0], (findings[sexual].Start, findings[sexual].End), AmbiguousComposition, findings);
        }
    }

    private static void AddComposition((int Start, int End) minor, (int Start, int End) sexual, double score, List<Finding> findings)
        => findings.Add(new Finding(
            SafetyCategory.SexualMinors, score, Math.Min(minor.Start, sexual.Start), Math.Max(minor.End, sexual.End)));

    private static int StrongestSexual(List<Finding> findings)
    {
        int best = -1;
        for (int i = 0; i < findings.Count; i++)
        {
            bool sexual =
                findings[i].Category is SafetyCategory.Sexual or SafetyCategory.SexualRealPerson or SafetyCategory.SexualSuggestive
                    or SafetyCategory.UndressingIntent
                && findings[i].Score >= SexualEvidence;
            best = sexual && (best < 0 || findings[i].Score > findings[best].Score) ? i : best;
        }

        return best;
    }

    // Report, teaching and history speak of hate without spreading it; a game or a film is where harm is staged.
    private static void Soften(TermHits terms, PromptLists lists, List<Finding> findings)
    {
        bool stance = terms.Any(lists.Concept(PromptConcepts.Stance));
        bool game = terms.Any(lists.Concept(PromptConcepts.Game));
        if (!stance && !game)
        {
            return;
        }

        for (int i = 0; i < findings.Count; i++)
        {
            Finding finding = findings[i];
            bool softened = (stance && finding.Category is (SafetyCategory.Hate or SafetyCategory.Extremism))
                || (game && finding.Category is (SafetyCategory.Violence or SafetyCategory.Weapons));
            if (softened)
            {
                findings[i] = finding with { Score = finding.Score * Softened };
            }
        }
    }
}
