using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafetySdk.Matching;

namespace SafetySdk.Native;

/// <summary>The numbers of <c>safety_match_outcome</c>; they never change.</summary>
internal enum MatchOutcome
{
    NotSearched = 0,
    None = 1,
    Found = 2,
    TooLittleDetail = 3,
    DigestsOnly = 4,
}

/// <summary>What a look-up found, behind a handle.</summary>
/// <param name="Matches">Nearest first.</param>
/// <param name="Outcome">What an empty list means.</param>
internal sealed record NativeMatches(IReadOnlyList<KnownContentMatch> Matches, MatchOutcome Outcome)
{
    private static readonly string[] OutcomeNames = ["not_searched", "none", "found", "too_little_detail", "digests_only"];

    public static NativeMatches Of(IReadOnlyList<KnownContentMatch> matches, MatchOutcome otherwise)
        => new(matches, matches.Count > 0 ? MatchOutcome.Found : otherwise);

    /// <summary>One object on one line, with the members of the command line's matches.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("outcome", OutcomeNames[(int)Outcome]);
            json.WriteStartArray("matches");
            foreach (KnownContentMatch match in Matches)
            {
                json.WriteStartObject();
                json.WriteString("list", match.List);
                json.WriteString("id", match.EntryId);
                json.WriteString("algorithm", match.Algorithm);
                json.WriteNumber("distance", match.Distance);
                json.WriteString("form", match.Form);
                json.WriteString("source", match.Source);
                json.WriteString("classification", match.Classification);
                json.WriteString("state", match.State);
                json.WriteStartArray("labels");
                foreach (string label in match.Labels)
                {
                    json.WriteStringValue(label);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
