using SafetySdk.Prompts.Training;

namespace SafetySdk.Tests.Prompts.Training;

public sealed class ComposedRowsTests
{
    [Fact]
    public void Templates_stand_for_all_their_texts()
    {
        List<CorpusRow> rows = ComposedRows.Parse("# remark\n@n = {x|y} | z\n[safe chat en]\na {b|c @n}\n\n[hate+violence post de]\nd\n", "test");
        Assert.Equal(["a b", "a c x", "a c y", "a c z"], rows.Where(static r => r.Unsafe == 0).Select(static r => r.Text).Order(StringComparer.Ordinal));
        CorpusRow harmful = Assert.Single(rows, static r => r.Unsafe == 1);
        Assert.Equal(["hate", "violence"], harmful.Positive.Order(StringComparer.Ordinal));
        Assert.Equal(("de", "post"), (harmful.Language, harmful.Form));
        Assert.DoesNotContain("harassment", harmful.Negative);
        Assert.All(rows.Where(static r => r.Unsafe == 0), static r => Assert.Equal(12, r.Negative.Count));
    }

    [Theory]
    [InlineData("text before a section")]
    [InlineData("[safe chat]\n")]
    [InlineData("[safe chat en]\nan {open brace")]
    [InlineData("@a = @a\n[safe chat en]\n@a")]
    public void A_malformed_file_is_refused_with_its_line(string file)
        => Assert.Contains("line", Assert.Throws<CorpusException>(() => ComposedRows.Parse(file, "test")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_rows_that_come_along_have_harmless_twins_of_every_language()
    {
        List<CorpusRow> rows = ComposedRows.Read();
        Assert.Equal(rows.Select(static r => r.Text), ComposedRows.Read().Select(static r => r.Text));
        Assert.All(rows, static r => Assert.DoesNotContain('@', r.Text.Replace("@user", null, StringComparison.Ordinal)));
        Assert.All(rows, static r => Assert.All(r.Positive, static c => Assert.Contains(c, PromptHeads.Categories)));
        foreach (string category in PromptHeads.Categories)
        {
            Assert.True(rows.Count(r => r.Positive.Contains(category)) >= 50, category);
        }

        foreach (IGrouping<string, CorpusRow> language in rows.Where(static r => r.Form == "chat").GroupBy(static r => r.Language))
        {
            Assert.True(language.Count(static r => r.Unsafe == 0) >= 40, language.Key);
        }
    }
}
