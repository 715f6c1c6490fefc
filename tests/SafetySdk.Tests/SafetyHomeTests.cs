namespace SafetySdk.Tests;

public sealed class SafetyHomeTests
{
    [Fact]
    public void An_explicit_path_wins()
    {
        Assert.Equal(Path.GetFullPath("/x/y"), SafetyHome.Find("/x/y").Path);
    }
}
