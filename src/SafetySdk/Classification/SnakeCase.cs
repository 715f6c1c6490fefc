using System.Text;

namespace SafetySdk.Classification;

/// <summary>JSON names of enum members: <c>SelfHarmIntent</c> becomes <c>self_harm_intent</c>.</summary>
internal static class SnakeCase
{
    public static string From(string pascal)
    {
        var builder = new StringBuilder(pascal.Length + 8);
        for (int i = 0; i < pascal.Length; i++)
        {
            if (char.IsAsciiLetterUpper(pascal[i]) && i > 0)
            {
                builder.Append('_');
            }

            builder.Append(char.ToLowerInvariant(pascal[i]));
        }

        return builder.ToString();
    }
}
