using SafetySdk.Evidence;
using SafetySdk.Reporting;
using SafetySdk.Reports.CyberTipline;
using SafetySdk.Storage;

namespace SafetySdk.Tests.Reports.CyberTipline;

/// <summary>Each report is filed exactly once as the server sees it, whatever goes wrong on either side.</summary>
public sealed class CyberTipSenderTests : IDisposable
{
    private static readonly string[] Steps = ["submit", "upload", "fileinfo", "upload", "fileinfo", "finish"];

    private static readonly OutboxOptions Outbox = new()
    {
        Lease = TimeSpan.FromMinutes(1),
        FirstPause = TimeSpan.FromSeconds(10),
        MaxAttempts = 100,
    };

    private static readonly CyberTipSenderOptions Quick = new()
    {
        CallAttempts = 2,
        FirstPause = TimeSpan.FromMilliseconds(1),
        LongestPause = TimeSpan.FromMilliseconds(100),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("cybertip").FullName;
    private readonly TiplineServer _server = new();
    private readonly MovedTime _time = new();
    private readonly InMemorySafetyStore _store = new();
    private readonly LocalEvidenceKeys _keys = new("k", [new("k", new byte[32])]);
    private readonly EvidenceVault _vault;
    private readonly ReportOutbox _outbox;
    private readonly byte[][] _contents = [[1, 2, 3], new byte[200_000]];
    private CyberTip? _tip = SampleTips.Full;
    private string _password = TiplineServer.Password;

    public CyberTipSenderTests()
    {
        _vault = new EvidenceVault(new EvidenceFolder(_folder), _keys, time: _time);
        _outbox = new ReportOutbox(_store, Outbox, _time);
        new Random(1).NextBytes(_contents[1]);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<int, int> EveryFaultAtEveryCall()
    {
        var data = new TheoryData<int, int>();
        foreach (Fault fault in Enum.GetValues<Fault>().Where(f => f != Fault.None))
        {
            for (int call = 0; call < Steps.Length; call++)
            {
                data.Add((int)fault, call);
            }
        }

        return data;
    }

    public void Dispose()
    {
        _server.Dispose();
        _store.Dispose();
        _keys.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_report_is_submitted_filled_and_finished()
    {
        await EnqueueAsync();
        await PumpAsync();
        AssertFiled();
        Assert.Equal(Steps, _server.Calls);
        TiplineServer.Opened filed = Assert.Single(_server.Finished);
        Assert.All(filed.Files.Keys.Zip(_tip!.Files), f => Assert.Equal(f.Second.OriginalName, filed.Details[f.First].Element("originalFileName")!.Value));
        OutboxReport report = Assert.Single(await _outbox.ListAsync(ReportState.Delivered, cancellationToken: Cancel));
        Assert.Equal(filed.Details.Values.First().Element("reportId")!.Value, report.RemoteId);

        // A year is the law's.
        EvidenceRecord kept = await _vault.FindAsync(_tip!.Files[0].EvidenceId, Cancel);
        Assert.True(kept.IsKept && kept.KeepUntil >= _time.GetUtcNow().AddDays(365));
    }

    [Theory]
    [MemberData(nameof(EveryFaultAtEveryCall))]
    public async Task A_fault_at_any_call_files_it_once(int fault, int call)
    {
        _server.FaultOf = (_, before) => before == call ? (Fault)fault : Fault.None;
        await EnqueueAsync();
        await PumpAsync();
        Assert.True(_server.Calls.Count > Steps.Length, "nothing went wrong");
        AssertFiled();
    }

    [Fact]
    public async Task Faults_all_the_way_file_it_once()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            Fault[] faults = [.. Enum.GetValues<Fault>().Where(f => f != Fault.SlowAfter)];
            int until = _server.Calls.Count + random.Next(4, 16);
            _server.FaultOf = (_, before) => before < until && random.Next(2) == 0 ? faults[random.Next(faults.Length)] : Fault.None;
            await EnqueueAsync($"key-{seed}");
            await PumpAsync();
            Assert.Equal(seed + 1, _server.Finished.Count);
        }

        Assert.Equal(40, (await _outbox.StatusAsync(Cancel)).Delivered);
    }

    [Fact]
    public async Task A_sender_that_dies_at_any_moment_files_it_once()
    {
        // Before and after each call, and before and after each thing that is kept; the next one begins when the lease is over.
        int moments = 0;
        for (int moment = 0; ; moment++)
        {
            var death = new Death(moment);
            string key = $"key-{moment}";
            await EnqueueAsync(key);
            if (!await SendOnceAsync(death))
            {
                moments = moment;
                break;
            }

            _time.Pass(Outbox.Lease + TimeSpan.FromSeconds(1));
            await PumpAsync();
            Assert.Equal(moment + 1, _server.Finished.Count);
        }

        Assert.Equal((2 * Steps.Length) + 4, moments);
        Assert.Equal(moments + 1, _server.Finished.Count);
        Assert.All(_server.Finished, f => Assert.Equal((2, 2), (f.Files.Count, f.Details.Count)));
    }

    [Fact]
    public async Task A_sender_that_dies_and_dies_again_files_it_once()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            await EnqueueAsync($"key-{seed}");
            for (int death = 0; death < 3; death++)
            {
                if (!await SendOnceAsync(new Death(random.Next(16))))
                {
                    break;
                }

                if (random.Next(4) == 0)
                {
                    _server.Expire();
                }

                _time.Pass(Outbox.Lease + TimeSpan.FromSeconds(1));
            }

            await PumpAsync();
            Assert.Equal(seed + 1, _server.Finished.Count);
        }
    }

    [Fact]
    public async Task Who_lost_the_lease_files_nothing()
    {
        await EnqueueAsync();
        var slow = new TaskCompletionSource();
        OutboxReport first = (await _outbox.LeaseAsync(Cancel))!;
        using var handler = new Stopped("finish", slow.Task);
        using CyberTiplineClient client = Client(handler);
        Task<DeliveryResult> stuck = Sender(client).SendAsync(new Delivery(_outbox, first), Cancel);
        await handler.Reached;
        _time.Pass(Outbox.Lease + TimeSpan.FromSeconds(1));
        await PumpAsync();
        slow.SetResult();

        // What the other one retracted cannot be finished any more.
        Assert.Equal(new DeliveryResult(DeliveryOutcome.Retry, "finish:5101"), await stuck);
        Assert.False(await _outbox.SettleAsync(first, await stuck, Cancel));
        AssertFiled();
    }

    [Fact]
    public async Task An_expired_report_is_sent_again()
    {
        _server.FaultOf = (call, before) => call == "fileinfo" && before < 6 ? Fault.ErrorPageBefore : Fault.None;
        await EnqueueAsync();
        Assert.True(await PumpOnceAsync());
        Assert.Equal(1, _server.OpenReports);
        _server.Expire();
        await PumpAsync();
        AssertFiled();
    }

    [Theory]
    [InlineData("submit", 4100, "compare with the schema")]
    [InlineData("fileinfo", 4110, "compare with the schema")]
    [InlineData("upload", 4200, "leave it out")]
    [InlineData("finish", 4000, "Requeue it")]
    public async Task A_refused_report_waits_for_an_operator_and_can_be_sent_again(string step, int code, string advice)
    {
        _server.CodeOf = call => call == step ? code : null;
        await EnqueueAsync();
        await PumpAsync();
        OutboxReport dead = Assert.Single(await _outbox.ListAsync(ReportState.Dead, cancellationToken: Cancel));
        CyberTipFailure failure = CyberTipFailure.Of(dead)!;
        Assert.Equal((step, $"{code}", 1), (failure.Step, failure.Code, failure.Attempts));
        Assert.Contains(advice, failure.Advice, StringComparison.Ordinal);
        Assert.Equal(0, _server.OpenReports);
        _server.CodeOf = _ => null;
        await _outbox.RequeueAsync(dead.Key, Cancel);
        await PumpAsync();
        AssertFiled();
    }

    [Fact]
    public async Task Wrong_credentials_lose_nothing()
    {
        _password = "wrong";
        await EnqueueAsync();
        Assert.True(await PumpOnceAsync());
        OutboxReport waiting = Assert.Single(await _outbox.ListAsync(ReportState.Pending, cancellationToken: Cancel));
        Assert.Equal("submit:2000", waiting.LastError);
        Assert.Equal(_time.GetUtcNow() + Quick.UnauthorizedPause, waiting.DueAt);
        _password = TiplineServer.Password;
        await PumpAsync();
        AssertFiled();
    }

    [Fact]
    public async Task The_pause_that_the_server_asks_for_is_kept()
    {
        _server.RetryAfter = "1800";
        _server.FaultOf = (_, before) => before == 0 ? Fault.BusyBefore : Fault.None;
        await EnqueueAsync();
        Assert.True(await PumpOnceAsync());
        OutboxReport waiting = Assert.Single(await _outbox.ListAsync(ReportState.Pending, cancellationToken: Cancel));
        Assert.Equal(("submit:http-429", _time.GetUtcNow().AddMinutes(30)), (waiting.LastError, waiting.DueAt));
        Assert.Equal(["submit"], _server.Calls);
    }

    [Fact]
    public async Task Nothing_is_sent_as_long_as_nobody_knows_whether_it_was_filed()
    {
        _server.FaultOf = (call, _) => call is "finish" ? Fault.ResetAfter : call is "retract" ? Fault.ResetBefore : Fault.None;
        await EnqueueAsync();
        for (int attempt = 0; attempt < 3; attempt++)
        {
            Assert.True(await PumpOnceAsync());
            _time.Pass(TimeSpan.FromHours(1));
        }

        Assert.Single(_server.Calls, c => c == "submit");
        _server.FaultOf = (_, _) => Fault.None;
        await PumpAsync();
        AssertFiled();
    }

    [Fact]
    public async Task Evidence_that_is_gone_or_locked_is_told_apart()
    {
        await EnqueueAsync();
        await _vault.DestroyAsync(_tip!.Files[1].EvidenceId, EvidenceDestructionReason.Ordered, Cancel);
        await PumpAsync();
        OutboxReport dead = Assert.Single(await _outbox.ListAsync(ReportState.Dead, cancellationToken: Cancel));
        Assert.Equal("evidence:Destroyed", dead.LastError);

        // The source leaves it out.
        _tip = _tip! with { Files = [_tip!.Files[0]] };
        _keys.Dispose();
        await _outbox.RequeueAsync(dead.Key, Cancel);
        Assert.True(await PumpOnceAsync());
        Assert.Equal("evidence:KeyMissing", Assert.Single(await _outbox.ListAsync(ReportState.Pending, cancellationToken: Cancel)).LastError);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Evidence_that_was_altered_is_never_sent()
    {
        await EnqueueAsync();
        string file = Path.Combine(_folder, _tip!.Files[1].EvidenceId + ".sealed");
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        await PumpAsync();
        Assert.Equal("evidence:Damaged", Assert.Single(await _outbox.ListAsync(ReportState.Dead, cancellationToken: Cancel)).LastError);
        Assert.Empty(_server.Finished);
        Assert.Equal(0, _server.OpenReports);
    }

    [Fact]
    public async Task A_report_that_a_person_declines_or_that_lacks_something_waits()
    {
        await EnqueueAsync();
        CyberTip whole = _tip!;
        foreach ((CyberTip? tip, string error) in new[] { (null, "report:declined"), (whole with { Incident = CyberTipIncident.None }, "report:incidentType") })
        {
            _tip = tip;
            await PumpAsync();
            OutboxReport dead = Assert.Single(await _outbox.ListAsync(ReportState.Dead, cancellationToken: Cancel));
            Assert.Equal(error, dead.LastError);
            await _outbox.RequeueAsync(dead.Key, Cancel);
        }

        Assert.Empty(_server.Calls);
        _tip = whole;
        await PumpAsync();
        AssertFiled();
    }

    [Fact]
    public async Task No_failure_names_anybody()
    {
        var texts = new List<string?>();
        foreach (string step in Steps.Distinct().Append("retract"))
        {
            foreach (int code in new[] { 1000, 2000, 4100, 5002, 777 })
            {
                _server.CodeOf = call => call == step ? code : null;
                await EnqueueAsync($"{step}-{code}");
                await PumpOnceAsync();
                foreach (ReportState state in Enum.GetValues<ReportState>())
                {
                    foreach (OutboxReport report in await _outbox.ListAsync(state, cancellationToken: Cancel))
                    {
                        texts.AddRange([report.LastError, report.ToString(), CyberTipFailure.Of(report)?.ToString()]);
                    }
                }
            }
        }

        texts.AddRange([_tip!.ToString(), _tip!.Reported!.ToString(), _tip!.Files[0].ToString(), new CyberTiplineCredentials("u", _password).ToString()]);
        Assert.True(texts.Count(t => t is not null) > 100);
        Assert.DoesNotContain(texts, t => t is not null && (t.Contains(SampleTips.Mark, StringComparison.Ordinal)
            || t.Contains(TiplineServer.Password, StringComparison.Ordinal)));
    }

    [Fact]
    public void Credentials_go_nowhere_in_the_clear()
        => Assert.All(
            new[] { "http://report.example.test/ispws", "https://u:p@report.example.test/ispws", "ftp://127.0.0.1/" },
            address => Assert.Throws<ArgumentException>(() => new CyberTiplineClient(
                new CyberTiplineOptions { Address = new Uri(address), Credentials = _ => default })));

    [Fact]
    public async Task The_status_can_be_asked_for()
    {
        using CyberTiplineClient client = Client(new SocketsHttpHandler());
        Assert.Equal(CyberTiplineOutcome.Done, (await client.StatusAsync(Cancel)).Outcome);
        _password = "wrong";
        Assert.Equal(CyberTiplineOutcome.Unauthorized, (await client.StatusAsync(Cancel)).Outcome);
    }

    private async Task EnqueueAsync(string key = "key")
    {
        var files = new List<CyberTipFile>();
        foreach (byte[] content in _contents)
        {
            files.Add(SampleTips.File((await _vault.SealAsync(new MemoryStream(content), "report", Cancel)).Id));
        }

        _tip = SampleTips.Full with { Files = files, IncidentTime = _time.GetUtcNow() };
        await _outbox.EnqueueAsync(new ReportDraft(key, CyberTipSender.DefaultKind, new byte[] { 1 }), Cancel);
    }

    // As a background service would, but with a clock that does not wait.
    private async Task PumpAsync()
    {
        for (int round = 0; round < 60; round++)
        {
            OutboxStatus status = await _outbox.StatusAsync(Cancel);
            if (status.Pending + status.Leased == 0)
            {
                return;
            }

            await PumpOnceAsync();
            _time.Pass(TimeSpan.FromHours(2));
        }

        Assert.Fail("reports stay in the outbox");
    }

    private async Task<bool> PumpOnceAsync()
    {
        using CyberTiplineClient client = Client(new SocketsHttpHandler());
        return await new ReportPump(_outbox, [Sender(client)]).SendNextAsync(Cancel);
    }

    // False where it lived on.
    private async Task<bool> SendOnceAsync(Death death)
    {
        OutboxReport report = (await _outbox.LeaseAsync(Cancel))!;
        using var handler = new Dying(death);
        using CyberTiplineClient client = Client(handler);
        try
        {
            DeliveryResult result = await Sender(client, death).SendAsync(new Delivery(_outbox, report, death), Cancel);
            await _outbox.SettleAsync(report, result, Cancel);
            return false;
        }
        catch (DiedException)
        {
            return true;
        }
    }

    private CyberTipSender Sender(CyberTiplineClient client, Death? death = null)
        => new(client, new Source(() => _tip, death), _vault, Quick, _time);

    private CyberTiplineClient Client(HttpMessageHandler handler)
        => new(
            new CyberTiplineOptions
            {
                Address = _server.Address,
                Credentials = _ => ValueTask.FromResult(new CyberTiplineCredentials(TiplineServer.User, _password)),
                CallTimeout = TimeSpan.FromSeconds(1),
                UploadTimeout = TimeSpan.FromSeconds(1),
            },
            handler,
            null);

    private void AssertFiled()
    {
        TiplineServer.Opened filed = Assert.Single(_server.Finished);
        Assert.Equal(_contents.Select(Convert.ToHexString), filed.Files.Values.Select(Convert.ToHexString));
        Assert.Equal(filed.Files.Keys, filed.Details.Keys);
        Assert.Equal(1, _store.ReadAsync(t => t.Reports.Status.Delivered, Cancel).AsTask().Result);
    }

    /// <summary>Comes at the n-th moment.</summary>
    private sealed class Death(int moment)
    {
        private int _passed;

        public void Pass()
        {
            if (_passed++ == moment)
            {
                throw new DiedException();
            }
        }
    }

    private sealed class DiedException : Exception;

    private sealed class Dying(Death death) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            death.Pass();
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            death.Pass();
            return response;
        }
    }

    private sealed class Stopped(string call, Task until) : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Segments[^1] == call)
            {
                _reached.TrySetResult();
                await until;
            }

            // The client's patience is not what is tested.
            return await base.SendAsync(request, Cancel);
        }
    }

    private sealed class Delivery(ReportOutbox outbox, OutboxReport report, Death? death = null) : IReportDelivery
    {
        public OutboxReport Report => report;

        public async ValueTask SaveRemoteIdAsync(string? remoteId, CancellationToken cancellationToken)
        {
            death?.Pass();
            await outbox.SaveRemoteIdAsync(report, remoteId, cancellationToken);
            death?.Pass();
        }
    }

    private sealed class Source(Func<CyberTip?> tip, Death? death) : ICyberTipSource
    {
        public ValueTask<CyberTip?> BuildAsync(OutboxReport report, CancellationToken cancellationToken)
        {
            death?.Pass();
            CyberTip? built = tip();
            death?.Pass();
            return ValueTask.FromResult(built);
        }
    }
}
