using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>The JSON names of the policy's enums: the one definition, used by policies, verdicts and the command line.</summary>
public static class PolicyVocabulary
{
    /// <summary>The JSON name of a decision, for example <c>not_checked</c>.</summary>
    /// <param name="value">A decision.</param>
    public static string Name(this Decision value) => Names<Decision>.Of(value);

    /// <summary>The JSON name of an action, for example <c>report_to_ncmec</c>.</summary>
    /// <param name="value">An action.</param>
    public static string Name(this RequiredAction value) => Names<RequiredAction>.Of(value);

    /// <summary>The JSON name of a stage.</summary>
    /// <param name="value">A stage.</param>
    public static string Name(this Stage value) => Names<Stage>.Of(value);

    /// <summary>The JSON name of an operation.</summary>
    /// <param name="value">An operation.</param>
    public static string Name(this Operation value) => Names<Operation>.Of(value);

    /// <summary>The JSON name of an age band: <c>unknown</c>, <c>adult</c>, <c>teen</c>, <c>under13</c>.</summary>
    /// <param name="value">An age band.</param>
    public static string Name(this AgeBand value) => Names<AgeBand>.Of(value);

    /// <summary>The JSON name of an audience.</summary>
    /// <param name="value">An audience.</param>
    public static string Name(this Audience value) => Names<Audience>.Of(value);

    /// <summary>The JSON name of an advisory, for example <c>not_for_medical_use</c>.</summary>
    /// <param name="value">An advisory.</param>
    public static string Name(this Advisory value) => Names<Advisory>.Of(value);

    /// <summary>The JSON name of a kind of input.</summary>
    /// <param name="value">A kind of input.</param>
    public static string Name(this Modality value) => Names<Modality>.Of(value);

    /// <summary>The JSON name of a context.</summary>
    /// <param name="value">A context.</param>
    public static string Name(this SafetyContext value) => Names<SafetyContext>.Of(value);

    /// <summary>The JSON name of a member.</summary>
    /// <typeparam name="T">The enum.</typeparam>
    /// <param name="value">A member.</param>
    internal static string NameOf<T>(T value)
        where T : struct, Enum
        => Names<T>.Of(value);

    /// <summary>Every JSON name of an enum of the vocabulary, in declaration order.</summary>
    /// <typeparam name="T">The enum.</typeparam>
    public static IReadOnlyList<string> AllNames<T>()
        where T : struct, Enum
        => Names<T>.All;

    /// <summary>Finds a member by its JSON name. Case matters.</summary>
    /// <typeparam name="T">The enum.</typeparam>
    /// <param name="name">The name.</param>
    /// <param name="value">The member found.</param>
    public static bool TryParse<T>(string? name, out T value)
        where T : struct, Enum
        => Names<T>.TryParse(name, out value);

    /// <summary>The name out of <paramref name="candidates"/> with the fewest edits to <paramref name="name"/>.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">What would have been right; not empty.</param>
    public static string Nearest(string name, IEnumerable<string> candidates)
        => candidates.MinBy(candidate => EditDistance(name, candidate))!;

    private static int EditDistance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }

    private static class Names<T>
        where T : struct, Enum
    {
        private static readonly T[] Values = Enum.GetValues<T>();

        public static readonly string[] All = [.. Values.Select(v => SnakeCase.From(v.ToString()))];

        public static string Of(T value) => All[Array.IndexOf(Values, value)];

        public static bool TryParse(string? name, out T value)
        {
            int index = name is null ? -1 : Array.IndexOf(All, name);
            value = index < 0 ? default : Values[index];
            return index >= 0;
        }
    }
}
