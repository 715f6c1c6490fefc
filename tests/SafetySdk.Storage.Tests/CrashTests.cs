using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

/// <summary>What was promised outlives a process that is killed at any moment.</summary>
public sealed class CrashTests : IDisposable
{
    private const string RoundsVariable = "SAFETYSDK_TEST_CRASH_ROUNDS";
    private const int DefaultRounds = 25;
    private readonly string _folder = Directory.CreateTempSubdirectory("safety-crash-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_at_any_moment_it_loses_nothing_and_files_each_report_once()
    {
        int rounds = CrashTrial.Rounds(RoundsVariable, DefaultRounds);
        string file = Path.Combine(_folder, "safety.db");
        using var trial = new CrashTrial();
        for (int round = 0; round < rounds; round++)
        {
            int before = trial.Promises;
            trial.RunAndKill(
                [CrashingProcess.Sqlite, file], TimeSpan.FromMilliseconds(Random.Shared.Next(250)), atStart: round % 5 == 4);
            CrashTrial.Say($"round {round}: {trial.Promises - before} promises");
        }

        using SqliteSafetyStore store = SqliteSafetyStore.Open(file);
        await trial.VerifyAsync(store, rounds);
    }
}
