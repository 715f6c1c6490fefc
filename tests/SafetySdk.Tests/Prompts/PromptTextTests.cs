using SafetySdk.Prompts;

namespace SafetySdk.Tests.Prompts;

public sealed class PromptTextTests
{
    [Fact]
    public void Valid_bytes_become_text() => Assert.Equal("Grüße 🙂", PromptText.FromUtf8("Grüße 🙂"u8));

    [Theory]
    [InlineData(new byte[] { 0x61, 0x62, 0xFF }, 2)]
    [InlineData(new byte[] { 0xC0, 0x80 }, 0)]
    [InlineData(new byte[] { 0x61, 0xED, 0xA0, 0x80 }, 1)]
    [InlineData(new byte[] { 0x61, 0xF0, 0x9F, 0x99 }, 1)]
    public void Invalid_bytes_are_refused_by_offset(byte[] bytes, int offset)
    {
        PromptException error = Assert.Throws<PromptException>(() => PromptText.FromUtf8(bytes));
        Assert.Equal(PromptError.InvalidEncoding, error.Error);
        Assert.Contains($"offset {offset} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_hold_for_bytes()
    {
        Assert.Equal(PromptError.Empty, Assert.Throws<PromptException>(() => PromptText.FromUtf8([])).Error);
        byte[] ascii = new byte[PromptLimits.MaxCharacters + 1];
        ascii.AsSpan().Fill((byte)'a');
        Assert.Equal(PromptError.TooLong, Assert.Throws<PromptException>(() => PromptText.FromUtf8(ascii)).Error);
        Assert.Equal(PromptLimits.MaxCharacters, PromptText.FromUtf8(ascii.AsSpan(1)).Length);
        byte[] wide = new byte[(PromptLimits.MaxCharacters * 3) + 1];
        Assert.Equal(PromptError.TooLong, Assert.Throws<PromptException>(() => PromptText.FromUtf8(wide)).Error);
    }
}
