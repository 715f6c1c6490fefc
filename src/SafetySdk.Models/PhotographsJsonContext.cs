using System.Text.Json.Serialization;
using SafetySdk.Classification;

namespace SafetySdk.Models;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ModelSource[]))]
internal sealed partial class PhotographsJsonContext : JsonSerializerContext;
