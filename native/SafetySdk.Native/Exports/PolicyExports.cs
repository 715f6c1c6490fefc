using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafetySdk.Policies;

namespace SafetySdk.Native.Exports;

/// <summary>Policies of safetysdk.h.</summary>
internal static unsafe class PolicyExports
{
    [UnmanagedCallersOnly(EntryPoint = "safety_policy_validate", CallConvs = [typeof(CallConvCdecl)])]
    public static int Validate(NativeSpan document, int* valid, byte* buffer, nuint capacity, nuint* needed) => Guard.Run(() =>
    {
        Arguments.NotNull(valid, nameof(valid));
        *valid = 0;
        string report = Report(Marshalling.Span(document, nameof(document)), out bool isValid);
        if (buffer is not null || needed is not null)
        {
            Marshalling.WriteText(report, buffer, capacity, needed);
        }

        *valid = isValid ? 1 : 0;
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_policy_text", CallConvs = [typeof(CallConvCdecl)])]
    public static int BuiltIn(NativeSpan name, byte* buffer, nuint capacity, nuint* needed) => Guard.Run(() =>
    {
        string policy = Marshalling.Name(name, nameof(name)) ?? throw new NativeCallException(Status.InvalidArgument, "name is empty.");
        return SafetyPolicy.BuiltInNames.Contains(policy)
            ? Marshalling.WriteText(SafetyPolicy.BuiltInText(policy), buffer, capacity, needed)
            : throw new NativeCallException(
                Status.Policy, $"There is no such built-in policy; there are {string.Join(", ", SafetyPolicy.BuiltInNames)}.");
    });

    private static string Report(ReadOnlySpan<byte> document, out bool valid)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            try
            {
                var validation = PolicyValidation.Of(document);
                valid = !validation.Problems.Any(p => p.IsError);
                json.WriteBoolean("valid", valid);
                json.WriteString("name", validation.Policy.Name);
                json.WriteNumber("rules", validation.Policy.Rules.Count);
                json.WriteString("digest", validation.Policy.Digest);
                json.WriteStartArray("problems");
                foreach (PolicyProblem problem in validation.Problems)
                {
                    Write(json, problem);
                }
            }
            catch (PolicyFormatException e)
            {
                valid = false;
                json.WriteBoolean("valid", false);
                json.WriteStartArray("problems");
                Write(json, "malformed", true, string.Empty, e.Message, e.Path, e.Line, e.Column);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, PolicyProblem problem)
        => Write(
            json, PolicyVocabulary.AllNames<PolicyProblemKind>()[(int)problem.Kind], problem.IsError, problem.Rule, problem.Message,
            problem.Path, problem.Line, problem.Column);

    private static void Write(
        Utf8JsonWriter json, string kind, bool error, string rule, string message, string path, long line, long column)
    {
        json.WriteStartObject();
        json.WriteString("kind", kind);
        json.WriteBoolean("error", error);
        json.WriteString("rule", rule);
        json.WriteString("message", message);
        json.WriteString("path", path);
        json.WriteNumber("line", line);
        json.WriteNumber("column", column);
        json.WriteEndObject();
    }
}
