using System.Buffers.Binary;

namespace SafetySdk.Decoding.Vips.Tests.Encoding;

/// <summary>Builds WebP containers around a stored lossless picture.</summary>
internal static class WebPFiles
{
    public const int Width = 24, Height = 16;

    /// <summary>The stored picture's colour at (x, y).</summary>
    public static (byte R, byte G, byte B) Colour(int x, int y) => ((byte)(x * 10), (byte)(y * 15), (byte)((x + y) * 6));

    /// <summary>The stored picture's opacity at (x, y), in the variant that has one.</summary>
    public static byte Alpha(int x, int y) => (byte)(x < 12 ? 255 : y * 17);

    /// <summary>The picture, lossless, opaque.</summary>
    public static byte[] Lossless { get; } = Chunk("VP8L", Convert.FromBase64String("LxfAAwC5jOh/7CKi/wEhAeGB/49FcRTGICYAuNbNAA=="));

    /// <summary>The picture, lossless, with its opacity.</summary>
    public static byte[] LosslessAlpha { get; } = Chunk(
        "VP8L",
        Convert.FromBase64String(
            "LxfAAxDNZUT/Y6EgbQMWZacUA97/eHgAQbZNDe4v/AxhFAIhbat5KaSQQgoppJBCCilMYQpTmMIUpjABIC8C73Cp8n5apmdGZmZWZmdO5srcmSfzZr7Mn/0="));

    /// <summary>The picture, lossy, opaque.</summary>
    public static byte[] Lossy { get; } = Chunk(
        "VP8 ",
        Convert.FromBase64String(
            "kAQAnQEqGAAQAD6RPppHpaOioTAIALASCWwAnTKEcDegUwACaTKV2o2roSMAAP76ky/f1q2Sy8ZspgydBG1et52kIoOcydAIECApir7gVGq5uw/ARWxaC+QNgAA="));

    public static byte[] Chunk(string type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[8 + data.Length + (data.Length & 1)];
        System.Text.Encoding.ASCII.GetBytes(type, chunk);
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), data.Length);
        data.CopyTo(chunk.AsSpan(8));
        return chunk;
    }

    public static byte[] Riff(params byte[][] chunks)
    {
        byte[] body = [.. "WEBP"u8, .. chunks.SelectMany(c => c)];
        byte[] file = [.. "RIFF"u8, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), body.Length);
        return file;
    }

    /// <summary>The extended header; flags: 0x02 animation, 0x04 XMP, 0x08 EXIF, 0x10 alpha, 0x20 ICC.</summary>
    public static byte[] Extended(byte flags, int width, int height) => Chunk("VP8X", [flags, 0, 0, 0, .. Bytes24(width - 1), .. Bytes24(height - 1)]);

    /// <summary>Flags: 1 clears the frame's place afterwards, 2 replaces instead of blending.</summary>
    public static byte[] Frame(int left, int top, int width, int height, byte[] pictureChunk, byte flags = 0)
        => Chunk("ANMF", [.. Bytes24(left / 2), .. Bytes24(top / 2), .. Bytes24(width - 1), .. Bytes24(height - 1), 100, 0, 0, flags, .. pictureChunk]);

    /// <summary>
    /// A lossless picture of one colour, of any size in 13 bytes: no transform, no colour cache, and five codes of a single symbol each, so
    /// that a pixel takes no bit at all.
    /// </summary>
    public static byte[] Flat(int width, int height)
    {
        var bits = new System.Numerics.BigInteger();
        int count = 0;
        void Put(int value, int length)
        {
            bits |= new System.Numerics.BigInteger(value) << count;
            count += length;
        }

        Put(0x2F, 8);
        Put(width - 1, 14);
        Put(height - 1, 14);
        Put(0, 1 + 3 + 1 + 1 + 1); // no alpha, version 0, no transform, no colour cache, one group of codes
        for (int code = 0; code < 5; code++)
        {
            Put(0b001, 3); // simple, one symbol, of 1 bit
            Put(0, 1);
        }

        byte[] data = new byte[(count / 8) + 1];
        bits.TryWriteBytes(data, out _, isUnsigned: true);
        return Chunk("VP8L", data);
    }

    private static byte[] Bytes24(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];
}
