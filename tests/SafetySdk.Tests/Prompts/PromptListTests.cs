using SafetySdk.Classification;
using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

public sealed class PromptListTests
{
    private static readonly PromptLists Lists = PromptLists.Embedded;

    [Fact]
    public void Every_phrase_is_found_in_itself()
    {
        int phrases = 0;
        foreach (ListRow row in PromptListReader.Rows("phrases.", 3, 3))
        {
            SafetyCategory category = row.Category(0);
            foreach (string phrase in row.Phrases(2))
            {
                phrases++;
                List<PhraseMeaning> meanings = Meanings(phrase.Trim('*'));
                Assert.True(
                    meanings.Exists(m => m.Role == PhraseRole.Finding && m.Category == category), $"{row.File} {row.Line}: {phrase}");
            }
        }

        Assert.InRange(phrases, 1000, 20_000);
    }

    [Fact]
    public void Every_phrase_is_a_finding_unless_a_benign_phrase_holds_it()
    {
        var classifier = new RulePromptClassifier();
        var masked = new List<string>();
        foreach (ListRow row in PromptListReader.Rows("phrases.", 3, 3))
        {
            foreach (string phrase in row.Phrases(2))
            {
                if (!classifier.Classify(phrase.Trim('*'), TextOrigin.Prompt).Any(s => s.Category == row.Category(0)))
                {
                    masked.Add($"{row.File} {row.Line}: {phrase}");
                }
            }
        }

        Assert.Empty(masked);
    }

    [Fact]
    public void Every_term_belongs_to_its_concept()
    {
        foreach (ListRow row in PromptListReader.Rows("terms.", 2, 2))
        {
            int concept = Lists.Concept(row.Cells[0]);
            foreach (string phrase in row.Phrases(1))
            {
                Assert.True(Meanings(phrase.Trim('*')).Exists(m => m.Concept == concept), $"{row.File} {row.Line}: {phrase}");
            }
        }
    }

    [Fact]
    public void Every_rule_fires_on_a_term_of_each_of_its_concepts()
    {
        Dictionary<int, List<string>> terms = [];
        foreach (ListRow row in PromptListReader.Rows("terms.en", 2, 2))
        {
            int concept = Lists.Concept(row.Cells[0]);
            if (!terms.TryGetValue(concept, out List<string>? known))
            {
                terms[concept] = known = [];
            }

            known.AddRange(row.Phrases(1).Select(p => p.Trim('*')));
        }

        terms[Lists.Concept(PromptConcepts.Figure)] = ["Taylor Swift"];
        terms[Lists.Concept(PromptConcepts.SingleNameFigure)] = ["Rihanna"];
        terms[Lists.Concept(PromptConcepts.LivingArtist)] = ["Greg Rutkowski"];
        foreach (PromptRule rule in Lists.Rules)
        {
            // Some terms meet a benign phrase or an exception by chance; one that works for every place is enough.
            bool fired = Enumerable.Range(0, 12).Any(n =>
            {
                string text = string.Join(' ', rule.Slots.Select(s => terms[s.Concepts[0]][n % terms[s.Concepts[0]].Count]));
                using NormalisedText plain = TextNormaliser.Normalise(text);
                return TextReading.Find(plain, Lists).Any(f => f.Category == rule.Category && f.Score == rule.Score);
            });
            Assert.True(fired, $"{rule.Row.File} {rule.Row.Line}");
        }
    }

    [Fact]
    public void Every_concept_is_used()
    {
        HashSet<int> used = [.. Lists.Rules.SelectMany(r => r.Slots.SelectMany(s => s.Concepts).Concat(r.Unless))];
        used.UnionWith(Lists.Requests.Frames.SelectMany(f => f.Slots.SelectMany(s => s.Concepts).Concat(f.Unless).Append(f.Not)));
        // Courtesies are used where a frame of the language opens or closes a sentence; a language need not have such a frame.
        used.UnionWith(Lists.Concepts.Where(c => c.EndsWith(":courtesy", StringComparison.Ordinal) || c == "any:not").Select(Lists.Concept));
        string[] inCode =
        [
            PromptConcepts.DeceasedArtist, PromptConcepts.Minor, PromptConcepts.AmbiguousMinor, PromptConcepts.AgeUnit,
            PromptConcepts.AgePrefix, PromptConcepts.NumberWord, PromptConcepts.TensWord, PromptConcepts.SexualHint, PromptConcepts.AbuseReport, PromptConcepts.RevealingClothing,
            PromptConcepts.Stance, PromptConcepts.Game,
        ];
        used.UnionWith(inCode.Select(Lists.Concept));
        Assert.All(Lists.Concepts, c => Assert.Contains(Lists.Concept(c), used));
    }

    [Fact]
    public void Names_carry_sound_years_and_no_name_is_both_living_and_dead()
    {
        List<ListRow> artists = [.. PromptListReader.Rows("artists.", 4, 4)];
        Assert.All(artists, row => Assert.True(
            PromptLists.Year(row, 3) is not { } died
            || (PromptLists.Year(row, 2) is { } born && died - born is > 15 and < 115), row.Cells[0]));
        Assert.Equal(artists.Count, artists.Select(r => r.Cells[0]).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.InRange(artists.Count, 300, 5000);
        List<ListRow> figures = [.. PromptListReader.Rows("figures.", 4, 4)];
        Assert.All(figures, row => Assert.True(PromptLists.Year(row, 2) is <= 2008, row.Cells[0]));
        Assert.InRange(figures.Count, 250, 5000);
    }

    [Fact]
    public void Every_name_is_reached_and_the_dead_are_free()
    {
        var classifier = new RulePromptClassifier();
        foreach (ListRow row in PromptListReader.Rows("artists.", 4, 4))
        {
            foreach (string name in Names(row))
            {
                bool found = Found($"a castle in the style of {name}", SafetyCategory.ArtistStyle);
                Assert.True(found == (row.Cells[3] == "-"), name);
            }
        }

        foreach (ListRow row in PromptListReader.Rows("figures.", 4, 4))
        {
            Assert.All(Names(row), name => Assert.True(Found($"photo of {name} on a bench", SafetyCategory.PublicFigure), name));
        }

        bool Found(string text, SafetyCategory category)
            => classifier.Classify(text, TextOrigin.Prompt).Any(s => s.Category == category && s.Score >= 0.85);

        static string[] Names(ListRow row) => row.Cells[1] == "-" ? [row.Cells[0]] : [row.Cells[0], .. row.Phrases(1)];
    }

    [Fact]
    public void Every_list_begins_with_what_its_columns_are()
        => Assert.All(PromptListReader.Names, name => Assert.True(PromptListReader.Bytes(name).AsSpan().StartsWith("# "u8), name));

    [Theory]
    [InlineData("no_such_category", "0.5", "x")]
    [InlineData("sexual", "1.5", "x")]
    [InlineData("sexual", "0", "x")]
    [InlineData("sexual", "0.5", "x | ")]
    [InlineData("sexual", "0.5", "*")]
    public void A_malformed_row_is_named(string category, string score, string phrases)
    {
        var row = new ListRow("list.tsv", 3, [category, score, phrases]);
        FormatException error = Assert.Throws<FormatException>(() =>
        {
            _ = row.Category(0);
            _ = row.Score(1);
            _ = row.Phrases(2);
        });
        Assert.Contains("list.tsv, line 3", error.Message, StringComparison.Ordinal);
    }

    private static List<PhraseMeaning> Meanings(string phrase)
    {
        using NormalisedText plain = TextNormaliser.Normalise(phrase);
        var hits = new List<PhraseHit>();
        Lists.Matcher.Match(plain.Characters, plain.Joined, hits);
        return [.. hits.Where(h => h.Start == 0 && h.End == plain.Characters.Length).SelectMany(h => Lists.Meanings(h.Phrase))];
    }
}
