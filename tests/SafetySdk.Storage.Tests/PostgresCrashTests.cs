using SafetySdk.Storage.Postgres;

namespace SafetySdk.Storage.Tests;

/// <summary>What was promised outlives hosts, several at once, and a server that are killed at any moment.</summary>
public sealed class PostgresCrashTests
{
    private const string RoundsVariable = "SAFETYSDK_TEST_POSTGRES_CRASH_ROUNDS";
    private const int DefaultRounds = 8, Hosts = 3;

    [Fact]
    public async Task Killed_at_any_moment_hosts_and_server_lose_nothing_and_file_each_report_once()
    {
        int rounds = CrashTrial.Rounds(RoundsVariable, DefaultRounds), killed = 0;
        using PostgresServer server = PostgresServer.Start(durable: true);
        using var trial = new CrashTrial();
        string[] told = [CrashingProcess.Postgres, server.ConnectionString()];
        for (int round = 0; round < rounds; round++)
        {
            int before = trial.Promises;
            bool killServer = round % 4 == 3;
            using var atWork = new CountdownEvent(Hosts);
            Task[] hosts =
            [
                .. Enumerable.Range(0, Hosts).Select(host => Task.Factory.StartNew(
                    () => trial.RunAndKill(
                        told,
                        TimeSpan.FromMilliseconds(killServer ? Random.Shared.Next(500, 2500) : Random.Shared.Next(400)),
                        atStart: !killServer && (round + host) % 5 == 4,
                        atWork),
                    TaskCreationOptions.LongRunning)),
            ];
            if (killServer && atWork.Wait(TimeSpan.FromMinutes(1)))
            {
                Thread.Sleep(Random.Shared.Next(200));
                server.Kill();
                Thread.Sleep(Random.Shared.Next(100));
                server.Start();
                killed++;
            }

            await Task.WhenAll(hosts);
            CrashTrial.Say($"round {round}{(killServer ? ", server killed" : string.Empty)}: {trial.Promises - before} promises");
        }

        using PostgresSafetyStore store = PostgresSafetyStore.Open(server.ConnectionString());
        await trial.VerifyAsync(store, rounds);
        CrashTrial.Say($"the server was killed {killed} times");
        Assert.Equal(rounds / 4, killed);
    }
}
