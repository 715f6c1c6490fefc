namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>What a receiver of rows throws in tests, so that it cannot be taken for an exception of a decoder.</summary>
internal sealed class ReceiverException : Exception;
