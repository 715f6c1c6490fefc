namespace SafetySdk.Hashing;

/// <summary>Reads and writes hashes as hexadecimal digits; both cases are read, lower case is written.</summary>
internal static class Hexadecimal
{
    /// <summary>Reads exactly <c>2 × bytes.Length</c> digits.</summary>
    /// <returns>False where the length is wrong or a character is not a digit; the bytes are then undefined.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length != bytes.Length * 2)
        {
            return false;
        }

        int wrong = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            int high = Digit(text[2 * i]);
            int low = Digit(text[(2 * i) + 1]);
            wrong |= high | low;
            bytes[i] = (byte)((high << 4) | (low & 15));
        }

        return wrong >= 0;
    }

    /// <summary>As <see cref="TryParse"/>, but says what is wrong.</summary>
    /// <param name="text">The digits.</param>
    /// <param name="bytes">Receives the value.</param>
    /// <param name="what">Name of the hash for the message.</param>
    /// <exception cref="HashException">Wrong length, or not hexadecimal.</exception>
    public static void Parse(ReadOnlySpan<char> text, Span<byte> bytes, string what)
    {
        if (text.Length != bytes.Length * 2)
        {
            throw new HashException(
                HashError.Length, $"A {what} hash is {bytes.Length * 2} hexadecimal digits; this text has {text.Length} characters.");
        }

        if (!TryParse(text, bytes))
        {
            int position = 0;
            while (Digit(text[position]) >= 0)
            {
                position++;
            }

            throw new HashException(
                HashError.NotHexadecimal, $"A {what} hash is {bytes.Length * 2} hexadecimal digits; character {position + 1} is not one.");
        }
    }

    // -1 where the character is no digit.
    private static int Digit(char character) => character switch
    {
        >= '0' and <= '9' => character - '0',
        >= 'a' and <= 'f' => character - 'a' + 10,
        >= 'A' and <= 'F' => character - 'A' + 10,
        _ => -1,
    };
}
