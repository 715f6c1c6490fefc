using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace SafetySdk.Models.Conversion;

/// <summary>
/// Reads the two kinds of minified script that nsfwjs wraps its models in: an object literal, and a base64 string. Nothing is executed;
/// only the few tokens that occur are understood, everything else is refused.
/// </summary>
internal static class JavaScriptLiteral
{
    // A shorter quoted string is code of the wrapper, not a weight shard.
    private const int ShortestShard = 1000;

    private static readonly SearchValues<byte> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    private static readonly SearchValues<byte> IdentifierCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$"u8);

    private static readonly SearchValues<byte> NumberCharacters = SearchValues.Create("0123456789.eE+-"u8);

    /// <summary>Parses the object literal behind the first <c>.exports={</c>.</summary>
    /// <exception cref="InvalidDataException">There is none, or it holds a token that is not understood.</exception>
    public static JsonDocument ReadExports(ReadOnlySpan<byte> script)
    {
        ReadOnlySpan<byte> marker = ".exports={"u8;
        int start = script.IndexOf(marker);
        if (start < 0)
        {
            throw new InvalidDataException("The script exports no object literal.");
        }

        byte[] json = ToJson(script[(start + marker.Length - 1)..]);
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The exported object literal is malformed: {e.Message}", e);
        }
    }

    /// <summary>Decodes the first quoted base64 string of at least 1000 characters.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is not base64.</exception>
    public static byte[] ReadBase64(ReadOnlySpan<byte> script)
    {
        for (int quote = script.IndexOf((byte)'"'); quote >= 0;)
        {
            ReadOnlySpan<byte> rest = script[(quote + 1)..];
            int length = rest.IndexOfAnyExcept(Base64Characters);
            if (length >= ShortestShard && rest[length] == '"')
            {
                byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];
                if (Base64.DecodeFromUtf8(rest[..length], decoded, out _, out int written) != OperationStatus.Done)
                {
                    throw new InvalidDataException("The script's weight shard is not base64.");
                }

                return decoded.AsSpan(0, written).ToArray();
            }

            int next = rest.IndexOf((byte)'"');
            quote = next < 0 ? -1 : quote + 1 + next;
        }

        throw new InvalidDataException("The script holds no weight shard.");
    }

    private static byte[] ToJson(ReadOnlySpan<byte> literal)
    {
        ArrayBufferWriter<byte> json = new(literal.Length + (literal.Length / 4));
        int depth = 0;
        for (int i = 0; i < literal.Length;)
        {
            byte c = literal[i];
            ReadOnlySpan<byte> rest = literal[i..];
            int length = 1;
            switch (c)
            {
                case (byte)'{' or (byte)'[' or (byte)'}' or (byte)']' or (byte)':' or (byte)',':
                    json.Write(rest[..1]);
                    depth += c is (byte)'{' or (byte)'[' ? 1 : c is (byte)'}' or (byte)']' ? -1 : 0;
                    break;
                case (byte)'"':
                    length = rest[1..].IndexOf((byte)'"') + 2;
                    if (length < 2 || rest[..length].Contains((byte)'\\'))
                    {
                        throw Unexpected(i);
                    }

                    json.Write(rest[..length]);
                    break;
                case (byte)'!':
                    length = 2;
                    json.Write(rest.StartsWith("!0"u8) ? "true"u8 : rest.StartsWith("!1"u8) ? "false"u8 : throw Unexpected(i));
                    break;
                case (byte)'-' or (byte)'.' or (>= (byte)'0' and <= (byte)'9'):
                    length = LengthOf(rest, NumberCharacters);
                    WriteNumber(json, rest[..length]);
                    break;
                default:
                    length = LengthOf(rest, IdentifierCharacters);
                    ReadOnlySpan<byte> identifier = rest[..length];
                    if (length < rest.Length && rest[length] == ':' && length > 0)
                    {
                        json.Write("\""u8);
                        json.Write(identifier);
                        json.Write("\""u8);
                    }
                    else if (identifier.SequenceEqual("null"u8))
                    {
                        json.Write(identifier);
                    }
                    else
                    {
                        throw Unexpected(i);
                    }

                    break;
            }

            i += length;
            if (depth == 0)
            {
                return json.WrittenSpan.ToArray();
            }
        }

        throw new InvalidDataException("The exported object literal is not closed.");
    }

    private static int LengthOf(ReadOnlySpan<byte> text, SearchValues<byte> characters)
    {
        int length = text.IndexOfAnyExcept(characters);
        return length < 0 ? text.Length : length;
    }

    private static void WriteNumber(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> number)
    {
        if (number[0] == '-')
        {
            json.Write("-"u8);
            number = number[1..];
        }

        if (number.Length > 0 && number[0] == '.')
        {
            json.Write("0"u8);
        }

        json.Write(number);
    }

    private static InvalidDataException Unexpected(int position) =>
        new($"The exported object literal holds a token that is not understood, {position} bytes behind its start.");
}
