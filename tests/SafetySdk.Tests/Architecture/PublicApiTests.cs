namespace SafetySdk.Tests.Architecture;

/// <summary>The public API changes only on purpose: it is compared with a file that is reviewed like code.</summary>
public sealed class PublicApiTests
{
    private const string Baseline = "src/SafetySdk/PublicApi.txt";
    private const string AcceptVariable = "UPDATE_PUBLIC_API";

    [Fact]
    public void The_public_api_is_the_one_that_was_agreed_on()
    {
        IReadOnlyList<string> now = PublicApi.Of(typeof(SafetyHome).Assembly);
        string path = Path.Combine(TestEnvironment.RepositoryRoot, Baseline);
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
        {
            File.WriteAllText(path, string.Join('\n', now) + "\n");
        }

        string[] agreed = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] changes =
        [
            .. agreed.Except(now).Select(line => $"- {line}"),
            .. now.Except(agreed).Select(line => $"+ {line}"),
        ];
        Assert.True(
            changes.Length == 0 && agreed.Length == now.Count,
            $"The public API of SafetySdk is not that of {Baseline}. If the change is meant, run this test once with {AcceptVariable}=1 "
            + $"and commit the file; a line that goes breaks callers.\n{string.Join('\n', changes)}");
    }
}
