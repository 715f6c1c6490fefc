namespace SafetySdk.Onnx;

/// <summary>A network ran and gave something that is not an answer. Becomes a <see cref="Classification.CheckFailure"/>, never a score.</summary>
internal sealed class InferenceException(string message) : Exception(message);
