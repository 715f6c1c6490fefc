using System.Text;
using Microsoft.Data.Sqlite;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Policies;
using SafetySdk.Reporting;
using SafetySdk.Storage.Postgres;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Storage.Tests;

/// <summary>
/// Marked inputs go through the store layer, also where it fails; nothing that comes out says them. The store's own file may hold the account
/// and what a report is made of, and nothing else of them.
/// </summary>
public sealed class NoContentTests : IDisposable
{
    private const string Prompt = "MARKED-PROMPT-4711", Account = "MARKED-ACCOUNT-4712", Picture = "MARKED-PICTURE-4713", Said = "MARKED-REASON-4714";
    private readonly string _folder = Directory.CreateTempSubdirectory("safety-marked-").FullName;
    private readonly StringBuilder _out = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Nothing_that_comes_out_says_what_went_in()
    {
        string file = Path.Combine(_folder, "safety.db");
        using (SqliteSafetyStore store = SqliteSafetyStore.Open(file, new SqliteStoreOptions { BusyTimeout = TimeSpan.FromMilliseconds(20) }))
        {
            await UseAsync(store);
            using var lockedBy = new SqliteConnection($"Data Source={file};Pooling=False");
            lockedBy.Open();
            using SqliteCommand begin = lockedBy.CreateCommand();
            begin.CommandText = "BEGIN IMMEDIATE";
            begin.ExecuteNonQuery();
            await UseAsync(store);
        }

        foreach (string path in Directory.GetFiles(_folder))
        {
            string content = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path));
            Assert.DoesNotContain(Prompt, content, StringComparison.Ordinal);
            Assert.DoesNotContain(Picture, content, StringComparison.Ordinal);
        }

        // The log is a part of the file that leaves it.
        using (SqliteSafetyStore store = SqliteSafetyStore.Open(file))
        {
            using var export = new MemoryStream();
            AuditHead head = await StoredAudit.ExportAsync(store, export);
            Assert.True(head.Sequence > 5);
            _out.Append(Encoding.UTF8.GetString(export.ToArray()));
        }

        byte[] damaged = await File.ReadAllBytesAsync(file);
        damaged.AsSpan(4096).Fill(1);
        await File.WriteAllBytesAsync(file, damaged);
        using (SqliteSafetyStore store = SqliteSafetyStore.Open(file))
        {
            await UseAsync(store);
        }

        using (var store = new InMemorySafetyStore())
        {
            await UseAsync(store);
        }

        string all = _out.ToString();
        Assert.Contains("StorageException", all, StringComparison.Ordinal);
        Assert.Contains("NotSupportedException", all, StringComparison.Ordinal);
        Assert.All([Prompt, Account, Picture, Said], marked => Assert.DoesNotContain(marked, all, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Nothing_that_PostgreSQL_and_its_driver_say_says_what_went_in()
    {
        using PostgresServer server = PostgresServer.Start(durable: false);
        using var logged = new CapturedLog();
        using var traced = new CapturedTraces("Npgsql");
        // As careless as a host can be.
        var options = new PostgresStoreOptions
        {
            RecoveryTime = TimeSpan.Zero,
            Configure = b => b.UseLoggerFactory(logged).EnableParameterLogging(),
        };
        using (PostgresSafetyStore store = PostgresSafetyStore.Open(
            server.ConnectionString() + ";Include Error Detail=true;Log Parameters=true;Persist Security Info=true", options))
        {
            await UseAsync(store);

            // What the server refuses it would like to quote. In parts: this statement is traced as well.
            server.Sql($"SET search_path = safety; ALTER TABLE account ADD CHECK (id <> '{Account[..4]}' || '{Account[4..]}') NOT VALID");
        }

        using (PostgresSafetyStore store = PostgresSafetyStore.Open(server.ConnectionString() + ";Include Error Detail=true", options))
        {
            await Note(async () => await store.WriteAsync(t => t.Accounts.Add(new Accounts.Appeal(Account, 1, default))));
            await Note(async () => await store.WriteAsync(t => t.Accounts.Add(new Accounts.Appeal(Account, 1, default))));
            await UseAsync(store);
            using var export = new MemoryStream();
            await StoredAudit.ExportAsync(store, export);
            _out.Append(Encoding.UTF8.GetString(export.ToArray()));
            server.Stop();
            await UseAsync(store);
        }

        string all = _out.Append(logged).Append(traced).ToString();
        Assert.Contains("StorageException", all, StringComparison.Ordinal);
        Assert.Contains("INSERT INTO account", logged.ToString(), StringComparison.Ordinal);
        Assert.Contains("INSERT INTO account", traced.ToString(), StringComparison.Ordinal);
        Assert.All(
            [Prompt, Account, Picture, Said, PostgresServer.Password],
            marked => Assert.DoesNotContain(marked, all, StringComparison.OrdinalIgnoreCase));
        Assert.All(
            [Prompt, Picture, Said], marked => Assert.DoesNotContain(marked, server.Log, StringComparison.OrdinalIgnoreCase));
    }

    private async Task UseAsync(ISafetyStore store)
    {
        var digester = new InputDigester(new byte[32]);
        var subject = new CheckSubject
        {
            AccountId = Account,
            Inputs = CheckSubject.Digest(digester, Prompt, [Encoding.ASCII.GetBytes(Picture)], []),
        };
        var recorder = new VerdictRecorder(store, digester);
        var failing = new VerdictRecorder(store, digester, new RecorderOptions { Compose = (_, _) => throw new NotSupportedException(Prompt) });
        var pump = new ReportPump(recorder.Outbox, [new Failing()]);

        // A detector's message may quote its input; it goes to the caller, not to the log.
        Verdict verdict = Verdicts.Known() with { Failures = [new CheckFailure("check", CheckFailureKind.Fault, Prompt)] };
        await Note(async () => await recorder.RecordAsync(verdict, subject));
        await Note(async () => await recorder.Outbox.EnqueueAsync(new ReportDraft($"verdict:{verdict.Id}", Account, new byte[1])));
        await Note(async () => await recorder.Accounts.RaiseAsync(Account, Accounts.AccountStanding.Banned, Said, Said));
        await Note(async () => await recorder.Accounts.RaiseAsync(Account, Accounts.AccountStanding.Banned, new string('x', 600) + Said, Said));
        await Note(async () => await recorder.Accounts.OpenAppealAsync(Account, 1));
        await Note(async () => await recorder.Accounts.DecideAppealAsync(1, Accounts.AppealState.Reversed, Said, Said));
        await Note(async () => await recorder.Accounts.DecideAppealAsync(1, Accounts.AppealState.Reversed, Said, Said));
        await Note(async () => await recorder.Accounts.FindAsync(Account + new string('x', 300)));
        await Note(async () => await recorder.Accounts.FindAsync(Account));
        await Note(async () => (await recorder.Accounts.HistoryAsync(Account))[0]);
        await Note(async () => await pump.SendNextAsync());
        await Note(async () => (await recorder.Outbox.ListAsync(ReportState.Pending))[0]);
        await Note(async () => (await recorder.Outbox.ListAsync(ReportState.Pending))[0].LastError);
        await Note(async () => await store.ReadAsync(t => t.Accounts.Signals(Account, default, 1)[0]));
        Verdict refused = await failing.RecordOrRefuseAsync(Verdicts.Known(), subject);
        Assert.Equal(Decision.Block, refused.Decision);
        _out.AppendLine(refused.ToJson()).Append(subject).Append(new AuditEntry { Kind = AuditKind.Verdict, VerdictId = Prompt });
    }

    private async Task Note(Func<Task<object?>> act)
    {
        try
        {
            _out.Append(await act()).AppendLine();
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            _out.Append(e).AppendLine();
        }
    }

    private sealed class Failing : IReportSender
    {
        public string Kind => VerdictReport.Kind;

        public Task<DeliveryResult> SendAsync(IReportDelivery delivery, CancellationToken cancellationToken)
            => throw new InvalidDataException(Encoding.UTF8.GetString(delivery.Report.Payload.Span));
    }
}
