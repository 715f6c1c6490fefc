using SafetySdk.Decoding.Vips;
using SafetySdk.Images;

namespace SafetySdk.Native;

/// <summary>A decoder and its limits behind a handle.</summary>
internal sealed record NativeDecoder(VipsImageDecoder Decoder, DecodeOptions Options);
