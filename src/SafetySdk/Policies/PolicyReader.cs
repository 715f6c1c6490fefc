using System.Text.Json;
using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>
/// Reads a policy document token by token, so that every complaint can name path, line and column.
/// Unknown members are errors: a misspelt word must not silently switch a rule off.
/// </summary>
internal ref struct PolicyReader
{
    private const int MaxBytes = 1 << 20;

    private readonly ReadOnlySpan<byte> _text;
    private readonly List<string> _path = ["$"];
    private Utf8JsonReader _json;

    public PolicyReader(ReadOnlySpan<byte> utf8Json)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        _text = utf8Json.StartsWith(byteOrderMark) ? utf8Json[3..] : utf8Json;
        _json = new Utf8JsonReader(
            _text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 });
    }

    public SafetyPolicy Read()
    {
        if (_text.Length > MaxBytes)
        {
            throw new PolicyFormatException($"the document has {_text.Length} bytes, at most {MaxBytes} are read.", "$", 1, 1);
        }

        try
        {
            Next();
            SafetyPolicy policy = ReadPolicy();
            if (_json.Read())
            {
                throw Error("text after the end of the document.");
            }

            return policy;
        }
        catch (JsonException e)
        {
            // The reader's own message may quote the text; its position is enough.
            throw new PolicyFormatException(
                "this is not valid JSON (comments and trailing commas are allowed).",
                string.Concat(_path), (e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1);
        }
    }

    private SafetyPolicy ReadPolicy()
    {
        string? schema = null, name = null, version = null, description = null;
        AgeBand unknownAge = AgeBand.Adult;
        Decision whenCheckFails = Decision.Review;
        List<PolicyRule>? rules = null;
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            switch (member)
            {
                case "$schema": ReadString(); break;
                case "schema": schema = ReadString(); break;
                case "name": name = ReadString(); break;
                case "version": version = ReadString(); break;
                case "description": description = ReadString(); break;
                case "unknownAge": unknownAge = ReadName([AgeBand.Adult, AgeBand.Teen]); break;
                case "whenCheckFails": whenCheckFails = ReadName([Decision.Review, Decision.Block]); break;
                case "rules": rules = ReadRules(); break;
                default:
                    throw UnknownName(
                        member, ["$schema", "schema", "name", "version", "description", "unknownAge", "whenCheckFails", "rules"], "member");
            }

            Leave();
        }

        if (schema != SafetyPolicy.Schema)
        {
            throw Error($"\"schema\" must be \"{SafetyPolicy.Schema}\".");
        }

        return new SafetyPolicy
        {
            Name = name ?? throw Missing("name"),
            Version = version ?? throw Missing("version"),
            Description = description ?? string.Empty,
            UnknownAge = unknownAge,
            WhenCheckFails = whenCheckFails,
            Rules = rules ?? throw Missing("rules"),
        };
    }

    private List<PolicyRule> ReadRules()
    {
        var rules = new List<PolicyRule>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Error("expected a list of rules.");
        }

        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{rules.Count}]");
            long start = _json.TokenStartIndex;
            PolicyRule rule = ReadRule();
            if (!ids.Add(rule.Id))
            {
                throw Error($"there is already a rule '{rule.Id}'.", start);
            }

            if (PolicyFloor.Softened(rule) is { } floor)
            {
                throw Error($"rule '{rule.Id}' is weaker than '{floor.Id}', which every policy has: {floor.Why}", start);
            }

            rules.Add(rule);
            Leave();
        }

        return rules;
    }

    private PolicyRule ReadRule()
    {
        string? id = null, why = null;
        SafetyCategory? category = null;
        Decision? decision = null;
        double threshold = 0.5;
        Audience audience = Audience.Everyone;
        List<Stage> stages = [];
        List<Operation> operations = [];
        List<RequiredAction> actions = [];
        long start = _json.TokenStartIndex;
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            switch (member)
            {
                case "id": id = ReadString(); break;
                case "category": category = ReadCategory(); break;
                case "stages": stages = ReadNames<Stage>(); break;
                case "operations": operations = ReadNames<Operation>(); break;
                case "audience": audience = ReadName(Enum.GetValues<Audience>()); break;
                case "threshold": threshold = ReadThreshold(); break;
                case "decision": decision = ReadName([Decision.Review, Decision.Transform, Decision.Block]); break;
                case "actions": actions = ReadNames<RequiredAction>(); break;
                case "why": why = ReadString(); break;
                default:
                    throw UnknownName(
                        member,
                        ["id", "category", "stages", "operations", "audience", "threshold", "decision", "actions", "why"],
                        "member");
            }

            Leave();
        }

        return new PolicyRule
        {
            Id = id ?? throw Missing("id", start),
            Category = category ?? throw Missing("category", start),
            Decision = decision ?? throw Missing("decision", start),
            Threshold = threshold,
            Audience = audience,
            Stages = stages,
            Operations = operations,
            Actions = actions,
            Why = why,
        };
    }

    private readonly SafetyCategory ReadCategory()
    {
        string name = ReadString();
        return SafetyCategories.TryParse(name, out SafetyCategory category)
            ? category
            : throw UnknownName(name, SafetyCategories.All.Select(c => c.Name()), "category");
    }

    private readonly T ReadName<T>(T[] allowed)
        where T : struct, Enum
    {
        string name = ReadString();
        return PolicyVocabulary.TryParse(name, out T value) && Array.IndexOf(allowed, value) >= 0
            ? value
            : throw UnknownName(name, allowed.Select(a => PolicyVocabulary.AllNames<T>()[Array.IndexOf(Enum.GetValues<T>(), a)]), "value");
    }

    private List<T> ReadNames<T>()
        where T : struct, Enum
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Error("expected a list of names.");
        }

        var values = new List<T>();
        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{values.Count}]");
            T value = ReadName(Enum.GetValues<T>());
            if (!values.Contains(value))
            {
                values.Add(value);
            }

            Leave();
        }

        return values;
    }

    private readonly double ReadThreshold()
    {
        if (_json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out double value) && value is > 0 and <= 1)
        {
            return value;
        }

        throw Error("expected a number over 0 and at most 1.");
    }

    private readonly string ReadString()
        => _json.TokenType == JsonTokenType.String && Text() is { Length: > 0 } text
            ? text
            : throw Error("expected a string that is not empty.");

    private readonly string Text()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error("this text is not valid UTF-8, or holds half of a surrogate pair.");
        }
    }

    private bool NextMember(HashSet<string> seen, out string member)
    {
        Next();
        if (_json.TokenType == JsonTokenType.EndObject)
        {
            member = string.Empty;
            return false;
        }

        member = Text();
        _path.Add("." + member);
        if (!seen.Add(member))
        {
            throw Error($"\"{member}\" occurs twice.");
        }

        Next();
        return true;
    }

    private readonly void ExpectStartObject()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            throw Error("expected an object.");
        }
    }

    private void Next()
    {
        if (!_json.Read())
        {
            throw Error("the document ends too early.");
        }
    }

    private readonly void Leave() => _path.RemoveAt(_path.Count - 1);

    private readonly PolicyFormatException UnknownName(string name, IEnumerable<string> candidates, string kind)
        => Error($"there is no {kind} '{name}'; the nearest is '{PolicyVocabulary.Nearest(name, candidates)}'.");

    private readonly PolicyFormatException Missing(string member, long? at = null) => Error($"\"{member}\" is missing.", at);

    private readonly PolicyFormatException Error(string problem, long? at = null)
    {
        int position = (int)Math.Min(at ?? _json.TokenStartIndex, _text.Length);
        ReadOnlySpan<byte> before = _text[..position];
        return new PolicyFormatException(
            problem, string.Concat(_path), before.Count((byte)'\n') + 1, position - before.LastIndexOf((byte)'\n'));
    }
}
