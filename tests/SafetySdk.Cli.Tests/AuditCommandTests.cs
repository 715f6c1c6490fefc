using System.Text.Json;
using SafetySdk.Audit;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Cli.Tests;

public sealed class AuditCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Store => Path.Combine(_folder.Path, "safety.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_and_its_export_verify()
    {
        AuditHead head = await WriteAsync(5);
        CommandRun store = CommandRun.Of("audit", "verify", Store, "--format", "json");
        Assert.Equal((0, true, 5, head.ToString()), Parts(store));

        CommandRun export = CommandRun.Of("audit", "export", Store);
        Assert.Equal(0, export.ExitCode);
        Assert.Equal(6, export.JsonLines.Length);
        string file = Path.Combine(_folder.Path, "audit.jsonl");
        Assert.Equal(0, CommandRun.Of("audit", "export", Store, "--out", file).ExitCode);
        Assert.Equal(export.Output, await File.ReadAllTextAsync(file));
        Assert.Equal((0, true, 5, head.ToString()), Parts(CommandRun.Of("audit", "verify", file, "--format", "json", "--head", head.ToString())));

        // An export that is there stays as it is.
        Assert.NotEqual(0, CommandRun.Of("audit", "export", Store, "--out", file).ExitCode);
    }

    [Fact]
    public async Task A_log_that_was_tampered_with_is_told_with_the_first_fault()
    {
        await WriteAsync(5);
        string[] lines = CommandRun.Of("audit", "export", Store).Output.Split('\n');
        lines[2] = lines[2].Replace("delivered", "accepted", StringComparison.Ordinal);
        CommandRun altered = CommandRun.Of("audit", "verify", _folder.Write("a.jsonl", string.Join('\n', lines)), "--format", "json");
        Assert.Equal(65, altered.ExitCode);
        Assert.Equal("altered", altered.Json.GetProperty("fault").GetProperty("kind").GetString());
        Assert.Equal(3, altered.Json.GetProperty("fault").GetProperty("sequence").GetInt64());
        CommandRun text = CommandRun.Of("audit", "verify", Path.Combine(_folder.Path, "a.jsonl"));
        Assert.Contains("Record 3", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_checked_is_an_error()
    {
        await WriteAsync(1);
        Assert.Equal(65, CommandRun.Of("audit", "verify", Path.Combine(_folder.Path, "none")).ExitCode);
        Assert.Equal(65, CommandRun.Of("audit", "export", _folder.Write("text", "no store")).ExitCode);
        Assert.Equal(65, CommandRun.Of("audit", "verify", _folder.Write("text2", "no log")).ExitCode);
        Assert.Equal(65, CommandRun.Of("audit", "verify", _folder.Write("db", "SQLite format 3\0 and no more")).ExitCode);
        Assert.Equal(64, CommandRun.Of("audit", "verify", Store, "--head", "1:2").ExitCode);
        Assert.Equal(65, CommandRun.Of("audit", "verify", Store, "--head", $"1:{new string('0', 64)}").ExitCode);
    }

    private async Task<AuditHead> WriteAsync(int records)
    {
        using SqliteSafetyStore store = SqliteSafetyStore.Open(Store);
        AuditHead head = AuditHead.Empty;
        for (int i = 0; i < records; i++)
        {
            var entry = new AuditEntry { Kind = AuditKind.Report, Details = [new("step", "delivered")] };
            head = await store.WriteAsync(t => AuditLog.Append(t.Audit, entry, DateTimeOffset.UnixEpoch));
        }

        return head;
    }

    private static (int ExitCode, bool Intact, int Records, string? Head) Parts(CommandRun run)
    {
        JsonElement json = run.Json;
        return (run.ExitCode, json.GetProperty("intact").GetBoolean(), json.GetProperty("records").GetInt32(), json.GetProperty("head").GetString());
    }
}
