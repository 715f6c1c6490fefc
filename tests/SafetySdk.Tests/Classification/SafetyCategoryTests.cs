using SafetySdk.Classification;

namespace SafetySdk.Tests.Classification;

public sealed class SafetyCategoryTests
{
    [Fact]
    public void Names_are_snake_case_unique_and_read_back()
    {
        Assert.Equal("self_harm_intent", SafetyCategory.SelfHarmIntent.Name());
        foreach (SafetyCategory category in SafetyCategories.All)
        {
            Assert.True(SafetyCategories.TryParse(category.Name(), out SafetyCategory read));
            Assert.Equal(category, read);
        }

        Assert.False(SafetyCategories.TryParse("Sexual", out _));
        Assert.False(SafetyCategories.TryParse(null, out _));
    }
}
