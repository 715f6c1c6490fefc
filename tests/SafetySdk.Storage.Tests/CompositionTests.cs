using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Audit;
using SafetySdk.Reporting;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

public sealed class CompositionTests
{
    [Fact]
    public async Task A_host_registers_store_recorder_and_pump()
    {
        string folder = Directory.CreateTempSubdirectory("safety-host-").FullName;
        try
        {
            var services = new ServiceCollection();
            services.AddSafety().AddSqliteStore(Path.Combine(folder, "safety.db")).AddRecording(new byte[32]);
            using ServiceProvider provider = services.BuildServiceProvider();
            ISafetyStore store = provider.GetRequiredService<ISafetyStore>();
            Assert.IsType<SqliteSafetyStore>(store);
            await provider.GetRequiredService<VerdictRecorder>().RecordAsync(Verdicts.Known(), new CheckSubject { AccountId = "a" });
            Assert.True((await provider.GetRequiredService<AccountRegister>().FindAsync("a")).IsDenied);
            Assert.Equal(1, (await provider.GetRequiredService<ReportOutbox>().StatusAsync()).Pending);
            Assert.True(await provider.GetRequiredService<ReportPump>().SendNextAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_a_store_it_keeps_everything_in_memory()
    {
        using ServiceProvider provider = new ServiceCollection().AddSafety().AddRecording([]).Services.BuildServiceProvider();
        Assert.IsType<InMemorySafetyStore>(provider.GetRequiredService<ISafetyStore>());
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddSafety().AddRecording(new byte[InputDigester.MinKeyBytes - 1]));
    }
}
