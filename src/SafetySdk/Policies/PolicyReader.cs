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

    // The one list of members: the reader, its messages and the published schema are compared with it.
    public static readonly string[] PolicyMembers =
    [
        "$schema", "schema", "name", "version", "description", "extends", "unknownAge", "whenCheckFails", "whenCheckFailsFor", "help", "rules",
    ];

    public static readonly string[] RuleMembers =
    [
        "id", "enabled", "category", "stages", "operations", "modalities", "audience", "threshold", "with", "withThreshold", "decision",
        "inContext", "actions", "advise", "why",
    ];

    public static readonly string[] HelpMembers = ["locale", "name", "contact"];

    private static readonly Decision[] WhenFailed = [Decision.Review, Decision.Block];

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

    public PolicyDraft Read()
    {
        if (_text.Length > MaxBytes)
        {
            throw new PolicyFormatException($"the document has {_text.Length} bytes, at most {MaxBytes} are read.", "$", 1, 1);
        }

        try
        {
            Next();
            PolicyDraft policy = ReadPolicy();
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

    private PolicyDraft ReadPolicy()
    {
        var draft = new PolicyDraft();
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            switch (member)
            {
                case "$schema": ReadString(); break;
                case "schema": draft.Schema = ReadString(); break;
                case "name": draft.Name = ReadString(); break;
                case "version": draft.Version = ReadString(); break;
                case "description": draft.Description = ReadString(); break;
                case "extends":
                    draft.Extends = ReadString();
                    draft.ExtendsAt = Here();
                    break;
                case "unknownAge": draft.UnknownAge = ReadName([AgeBand.Adult, AgeBand.Teen]); break;
                case "whenCheckFails": draft.WhenCheckFails = ReadName(WhenFailed); break;
                case "whenCheckFailsFor": draft.WhenCheckFailsFor = ReadFailures(); break;
                case "help": draft.Help = ReadHelp(); break;
                case "rules": draft.Rules = ReadRules(); break;
                default: throw UnknownName(member, PolicyMembers, "member");
            }

            Leave();
        }

        draft.End = Here();
        return draft;
    }

    private Dictionary<SafetyCategory, Decision> ReadFailures()
    {
        var failures = new Dictionary<SafetyCategory, Decision>();
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            failures.Add(ToCategory(member), ReadName(WhenFailed));
            Leave();
        }

        return failures;
    }

    private List<HelpResource> ReadHelp()
    {
        var resources = new List<HelpResource>();
        ExpectStartArray("help resources");
        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{resources.Count}]");
            PolicyPosition position = Here();
            string? locale = null, name = null, contact = null;
            ExpectStartObject();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (NextMember(seen, out string member))
            {
                switch (member)
                {
                    case "locale": locale = ReadLocale(); break;
                    case "name": name = ReadString(); break;
                    case "contact": contact = ReadString(); break;
                    default: throw UnknownName(member, HelpMembers, "member");
                }

                Leave();
            }

            var resource = new HelpResource(
                locale ?? throw position.Error("\"locale\" is missing."),
                name ?? throw position.Error("\"name\" is missing."),
                contact ?? throw position.Error("\"contact\" is missing."));
            if (resources.Exists(r => r.Locale == resource.Locale))
            {
                throw position.Error($"there is already help for '{resource.Locale}'.");
            }

            resources.Add(resource);
            Leave();
        }

        return resources;
    }

    private List<RuleDraft> ReadRules()
    {
        var rules = new List<RuleDraft>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        ExpectStartArray("rules");
        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{rules.Count}]");
            RuleDraft rule = ReadRule();
            if (!ids.Add(rule.Id!))
            {
                throw rule.Position.Error($"there is already a rule '{rule.Id}'.");
            }

            rules.Add(rule);
            Leave();
        }

        return rules;
    }

    private RuleDraft ReadRule()
    {
        var rule = new RuleDraft { Position = Here() };
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            switch (member)
            {
                case "id": rule.Id = ReadString(); break;
                case "enabled": rule.Enabled = ReadBoolean(); break;
                case "category": rule.Category = ToCategory(ReadString()); break;
                case "stages": rule.Stages = ReadNames<Stage>(); break;
                case "operations": rule.Operations = ReadNames<Operation>(); break;
                case "modalities": rule.Modalities = ReadNames(Modality.Text, Modality.Image, Modality.Joint); break;
                case "audience": rule.Audience = ReadName(Enum.GetValues<Audience>()); break;
                case "threshold": rule.Threshold = ReadThreshold(); break;
                case "with": rule.With = ReadCategories(); break;
                case "withThreshold": rule.WithThreshold = ReadThreshold(); break;
                case "decision":
                    rule.Decision = ReadName([Decision.Allow, Decision.Review, Decision.Transform, Decision.Block]);
                    break;
                case "inContext": rule.InContext = ReadContexts(); break;
                case "actions": rule.Actions = ReadNames<RequiredAction>(); break;
                case "advise": rule.Advise = ReadNames<Advisory>(); break;
                case "why": rule.Why = ReadString(); break;
                default: throw UnknownName(member, RuleMembers, "member");
            }

            Leave();
        }

        return rule.Id is null ? throw rule.Position.Error("\"id\" is missing.") : rule;
    }

    private List<ContextDecision> ReadContexts()
    {
        var contexts = new List<ContextDecision>();
        ExpectStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (NextMember(seen, out string member))
        {
            if (!PolicyVocabulary.TryParse(member, out SafetyContext context))
            {
                throw UnknownName(member, PolicyVocabulary.AllNames<SafetyContext>(), "context");
            }

            contexts.Add(new ContextDecision(context, ReadName([Decision.Allow, Decision.Review, Decision.Transform])));
            Leave();
        }

        return contexts;
    }

    private List<SafetyCategory> ReadCategories()
    {
        var categories = new List<SafetyCategory>();
        ExpectStartArray("categories");
        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{categories.Count}]");
            SafetyCategory category = ToCategory(ReadString());
            if (!categories.Contains(category))
            {
                categories.Add(category);
            }

            Leave();
        }

        return categories;
    }

    private readonly SafetyCategory ToCategory(string name)
        => SafetyCategories.TryParse(name, out SafetyCategory category)
            ? category
            : throw UnknownName(name, SafetyCategories.All.Select(c => c.Name()), "category");

    private readonly T ReadName<T>(T[] allowed)
        where T : struct, Enum
    {
        string name = ReadString();
        return PolicyVocabulary.TryParse(name, out T value) && Array.IndexOf(allowed, value) >= 0
            ? value
            : throw UnknownName(name, allowed.Select(PolicyVocabulary.NameOf), "value");
    }

    private List<T> ReadNames<T>(params T[] allowed)
        where T : struct, Enum
    {
        ExpectStartArray("names");
        T[] valid = allowed.Length == 0 ? Enum.GetValues<T>() : allowed;
        var values = new List<T>();
        for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
        {
            _path.Add($"[{values.Count}]");
            T value = ReadName(valid);
            if (!values.Contains(value))
            {
                values.Add(value);
            }

            Leave();
        }

        return values;
    }

    private readonly bool ReadBoolean() => _json.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Error("expected true or false."),
    };

    // de, DE, de-DE, *: nothing else can ever be asked for.
    private readonly string ReadLocale()
    {
        string locale = ReadString();
        string[] parts = locale.Split('-');
        bool valid = locale == HelpResource.Anyone
            || (parts.Length <= 2 && parts.All(static p => p.Length is 2 or 3 && p.All(char.IsAsciiLetterOrDigit)));
        return valid ? locale : throw Error("expected a locale: a language (de), a region (DE), both (de-DE), or * for everyone.");
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

    private readonly void ExpectStartArray(string of)
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Error($"expected a list of {of}.");
        }
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

    private readonly PolicyFormatException Error(string problem) => Here().Error(problem);

    private readonly PolicyPosition Here()
    {
        int position = (int)Math.Min(_json.TokenStartIndex, _text.Length);
        ReadOnlySpan<byte> before = _text[..position];
        return new PolicyPosition(
            string.Concat(_path), before.Count((byte)'\n') + 1, position - before.LastIndexOf((byte)'\n'));
    }
}
