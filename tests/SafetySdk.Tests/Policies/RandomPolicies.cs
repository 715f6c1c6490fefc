using System.Text;
using System.Text.Json;
using SafetySdk.Classification;
using SafetySdk.Policies;

namespace SafetySdk.Tests.Policies;

/// <summary>Policies, questions and documents that nobody thought of. The same seed gives the same ones.</summary>
internal sealed class RandomPolicies(int seed)
{
    private static readonly Modality[] Modalities = [Modality.Text, Modality.Image, Modality.Joint];

    private readonly Random _random = new(seed);

    public T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    public T One<T>()
        where T : struct, Enum
        => One(Enum.GetValues<T>());

    public bool Sometimes(int percent = 50) => _random.Next(100) < percent;

    public double Score() => _random.Next(1, 21) / 20.0;

    public List<T> Some<T>(IReadOnlyList<T> of)
        => Sometimes() ? [] : [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => One(of)).Distinct()];

    public SafetyPolicy Policy() => SafetyPolicy.BuiltIn("balanced") with
    {
        UnknownAge = One([AgeBand.Adult, AgeBand.Teen]),
        WhenCheckFails = One([Decision.Review, Decision.Block]),
        WhenCheckFailsFor = Some(SafetyCategories.All).ToDictionary(c => c, _ => One([Decision.Review, Decision.Block])),
        Rules = [.. Enumerable.Range(0, _random.Next(12)).Select(i => Rule($"r{i}"))],
    };

    /// <summary>Any rule, also one that a document could not hold.</summary>
    public PolicyRule Rule(string id) => new()
    {
        Id = id,
        Category = One<SafetyCategory>(),
        Stages = Some(Enum.GetValues<Stage>()),
        Operations = Some(Enum.GetValues<Operation>()),
        Modalities = Some(Modalities),
        Audience = One<Audience>(),
        Threshold = Score(),
        With = Sometimes(70) ? [] : Some(SafetyCategories.All),
        WithThreshold = Score(),
        Decision = One([Decision.Allow, Decision.Review, Decision.Transform, Decision.Block]),
        InContext = [.. Some(Enum.GetValues<SafetyContext>()).Select(c => new ContextDecision(c, One<Decision>()))],
        Actions = Some(Enum.GetValues<RequiredAction>()),
        Advise = Some(Enum.GetValues<Advisory>()),
        Why = "because",
    };

    /// <summary>Many of few categories, so that rules meet.</summary>
    public PolicyQuery Query(SafetyPolicy policy)
    {
        SafetyCategory[] likely = [.. policy.Rules.SelectMany(r => r.With.Append(r.Category)), SafetyCategory.ChildPhoto, One<SafetyCategory>()];
        return new PolicyQuery
        {
            Stage = One<Stage>(),
            Operation = One<Operation>(),
            Age = One<AgeBand>(),
            Signals = [.. Enumerable.Range(0, _random.Next(6)).Select(_ => Signal(One(likely)))],
            Earlier = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Signal(One(likely)))],
            Contexts = [.. Some(Enum.GetValues<SafetyContext>()).Select(c => new ContextFinding(c, Score(), "test"))],
        };
    }

    public Signal Signal(SafetyCategory category) => new(category, Score(), "test", "1") { Modality = One<Modality>() };

    public IReadOnlyList<T> Shuffled<T>(IReadOnlyList<T> items)
    {
        T[] shuffled = [.. items];
        _random.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>The same document with other spaces, comments, and members and rules in another order.</summary>
    public string Reworded(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        Write(document.RootElement, isRules: false, text);
        return text.ToString();
    }

    private void Write(JsonElement element, bool isRules, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                // The reader of .NET takes no comment between a name and its colon.
                Join('{', Shuffled([.. element.EnumerateObject()]), '}', member =>
                {
                    text.Append('"').Append(JsonEncodedText.Encode(member.Name)).Append('"').Append(One(["", " ", "\n"])).Append(':').Append(Gap());
                    Write(member.Value, member.Name is "rules" or "help" or "stages" or "operations" or "with" or "actions" or "advise", text);
                });
                break;
            case JsonValueKind.Array:
                JsonElement[] items = [.. element.EnumerateArray()];
                Join('[', isRules ? Shuffled(items) : items, ']', item => Write(item, isRules: false, text));
                break;
            case JsonValueKind.Number:
                double number = element.GetDouble();
                text.Append(Sometimes() ? element.GetRawText() : number.ToString("E16", System.Globalization.CultureInfo.InvariantCulture));
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }

        void Join<T>(char open, IReadOnlyList<T> items, char close, Action<T> write)
        {
            text.Append(open).Append(Gap());
            for (int i = 0; i < items.Count; i++)
            {
                write(items[i]);
                text.Append(Gap()).Append(i + 1 < items.Count || Sometimes() ? "," : string.Empty).Append(Gap());
            }

            text.Append(close);
        }
    }

    private string Gap() => One(["", " ", "\n", "\t ", "// a comment, \"quoted\"\n", "/* another */"]);
}
