using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SafetySdk.Reporting;
using SafetySdk.Reports;
using SafetySdk.Storage;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety reports</c>: the outbox as an operator sees it. Reports have numbers here; what is in them is never shown.</summary>
internal static class ReportsCommand
{
    private const int PartReports = 200;

    private static readonly string[] StateNames = [.. Enum.GetNames<ReportState>().Select(static n => n.ToLowerInvariant())];

    private static readonly TextTable Table = new(7, 20, 10, 5, 17, 11);

    public static Command Create(GlobalOptions common, TextWriter output)
        => new("reports", "Shows the reports of a store, without what is in them, and has them sent again.")
        {
            List(common, output), Show(common, output), DeadLetters(common, output), Retry(common, output), Send(common, output),
        };

    private static Command List(GlobalOptions common, TextWriter output)
    {
        Argument<string> store = StoreArgument();
        var state = new Option<string?>("--state") { Description = "Only reports in this state." };
        state.AcceptOnlyFromAmong(StateNames);
        var kind = new Option<string?>("--kind") { Description = "Only reports of this kind." };
        Option<long> after = new("--after") { Description = "Only reports with a greater number." };
        Option<int> max = new("--max") { Description = "At most so many.", DefaultValueFactory = _ => 100 };
        var command = new Command("list", "Lists reports, oldest first, with how many there are in which state.") { store, state, kind, after, max };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(store), readOnly: true, async outbox =>
        {
            int most = AtLeastOne(parsed.GetValue(max), "--max");
            ReportState[] states = parsed.GetValue(state) is { } only ? [(ReportState)Array.IndexOf(StateNames, only)] : Enum.GetValues<ReportState>();
            var found = new List<OutboxReport>();
            foreach (ReportState one in states)
            {
                found.AddRange(await FindAsync(outbox, one, parsed.GetValue(kind), parsed.GetValue(after), most, cancellation).ConfigureAwait(false));
            }

            OutboxReport[] listed = [.. found.OrderBy(static r => r.Sequence).Take(most)];
            OutboxStatus status = await outbox.StatusAsync(cancellation).ConfigureAwait(false);
            if (common.Json(parsed))
            {
                foreach (OutboxReport report in listed)
                {
                    output.WriteLine(JsonLine.Of(json => Write(json, report)));
                }

                return ExitCode.Ok;
            }

            Table.Write(output, "Number", "Kind", "State", "Tries", "Due", "Last error");
            output.WriteLine(new string('-', TextTable.Width));
            foreach (OutboxReport report in listed)
            {
                Table.Write(output, Number(report.Sequence), report.Kind, StateNames[(int)report.State], Number(report.Attempts), Due(report), Error(report) ?? string.Empty);
            }

            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{status.Pending} pending, {status.Leased} leased, {status.Delivered} delivered, {status.Dead} dead."));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command Show(GlobalOptions common, TextWriter output)
    {
        Argument<string> store = StoreArgument();
        var number = new Argument<long>("number") { Description = "Number of the report." };
        var command = new Command("show", "Shows one report, without what is in it.") { store, number };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(store), readOnly: true, async outbox =>
        {
            OutboxReport report = await FindAsync(outbox, parsed.GetValue(number), cancellation).ConfigureAwait(false);
            if (common.Json(parsed))
            {
                output.WriteLine(JsonLine.Of(json => Write(json, report)));
                return ExitCode.Ok;
            }

            (string, string?)[] lines =
            [
                ("report", Number(report.Sequence)), ("kind", report.Kind), ("state", StateNames[(int)report.State]),
                ("attempts", Number(report.Attempts)), ("due", Due(report)), ("last error", Error(report)), ("verdict", report.VerdictId),
                ("receiver's id", IsReview(report) ? null : report.RemoteId), ("bytes", Number(report.Payload.Length)),
                ("accepted", Time(report.CreatedAt)), ("changed", Time(report.ChangedAt)),
            ];
            foreach ((string name, string? value) in lines.Where(static l => !string.IsNullOrEmpty(l.Item2)))
            {
                output.WriteLine($"{name,-14} {value}");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command DeadLetters(GlobalOptions common, TextWriter output)
    {
        Argument<string> store = StoreArgument();
        var command = new Command("dead-letters", "Counts the reports that were given up, by kind and error, with the oldest of each.") { store };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(store), readOnly: true, async outbox =>
        {
            List<OutboxReport> dead = await FindAsync(outbox, ReportState.Dead, null, 0, int.MaxValue, cancellation).ConfigureAwait(false);
            foreach (IGrouping<(string Kind, string Error), OutboxReport> group in dead.GroupBy(static r => (r.Kind, r.LastError ?? string.Empty))
                .OrderByDescending(static g => g.Count()).ThenBy(static g => g.Key))
            {
                OutboxReport oldest = group.First();
                output.WriteLine(common.Json(parsed)
                    ? JsonLine.Of(json =>
                    {
                        json.WriteString("kind", group.Key.Kind);
                        json.WriteString("error", group.Key.Error);
                        json.WriteNumber("count", group.Count());
                        json.WriteStartArray("reports");
                        foreach (OutboxReport report in group)
                        {
                            json.WriteNumberValue(report.Sequence);
                        }

                        json.WriteEndArray();
                    })
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{group.Count(),6} {group.Key.Kind}: {group.Key.Error} (oldest: report {oldest.Sequence} of {Time(oldest.CreatedAt)})"));
            }

            if (!common.Json(parsed))
            {
                output.WriteLine(dead.Count == 0 ? "No report was given up." : "'safety reports retry' has them sent again.");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command Retry(GlobalOptions common, TextWriter output)
    {
        Argument<string> store = StoreArgument();
        var numbers = new Argument<long[]>("number") { Description = "Numbers of reports that were given up.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "All that were given up." };
        var command = new Command("retry", "Has reports that were given up sent again. It is in the audit log.") { store, numbers, all };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(store), readOnly: false, async outbox =>
        {
            long[] named = parsed.GetValue(numbers) ?? [];
            if (named.Length > 0 == parsed.GetValue(all))
            {
                throw new CommandException(ExitCode.Usage, "name the reports by their numbers, or give --all.");
            }

            List<OutboxReport> dead = await FindAsync(outbox, ReportState.Dead, null, 0, int.MaxValue, cancellation).ConfigureAwait(false);
            if (named.Except(dead.Select(static r => r.Sequence)).ToArray() is { Length: > 0 } missing)
            {
                throw new CommandException(ExitCode.Usage, $"report {Number(missing[0])} was not given up; nothing was changed.");
            }

            OutboxReport[] chosen = [.. named.Length == 0 ? dead : dead.Where(r => named.Contains(r.Sequence))];
            foreach (OutboxReport report in chosen)
            {
                await outbox.RequeueAsync(report.Key, cancellation).ConfigureAwait(false);
            }

            output.WriteLine(common.Json(parsed)
                ? JsonLine.Of(json => json.WriteNumber("retried", chosen.Length))
                : string.Create(CultureInfo.InvariantCulture, $"{chosen.Length} reports will be sent again."));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command Send(GlobalOptions common, TextWriter output)
    {
        Argument<string> store = StoreArgument();
        var kind = new Option<string>("--kind") { Description = "The kind of reports to send.", Required = true };
        var to = new Option<string>("--to")
        {
            Description = "Where to: https, or http on this machine. POST with the payload; 2xx and 409 mean delivered.",
            Required = true,
        };
        Option<int> max = new("--max") { Description = "At most so many.", DefaultValueFactory = _ => int.MaxValue };
        var command = new Command("send", "Sends the reports that are due to an endpoint of yours, each once.") { store, kind, to, max };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetRequiredValue(store), readOnly: false, async outbox =>
        {
            string wanted = parsed.GetRequiredValue(kind);
            int most = AtLeastOne(parsed.GetValue(max), "--max");
            if (!Uri.TryCreate(parsed.GetRequiredValue(to), UriKind.Absolute, out Uri? address))
            {
                throw new CommandException(ExitCode.Usage, "--to is an https address, or http on this machine.");
            }

            List<OutboxReport> others = await FindAsync(outbox, ReportState.Pending, null, 0, int.MaxValue, cancellation).ConfigureAwait(false);
            if (others.FirstOrDefault(r => r.Kind != wanted && !IsReview(r)) is { } other)
            {
                // The outbox gives what waits longest; a report without a sender would use an attempt up.
                throw new CommandException(
                    ExitCode.Usage, $"report {Number(other.Sequence)} of another kind waits in this store too; its own sender has to take it first.");
            }

            OutboxStatus before = await outbox.StatusAsync(cancellation).ConfigureAwait(false);
            using var sender = new EndpointSender(address, wanted);
            var pump = new ReportPump(outbox, [sender]);
            int tried = 0;
            while (tried < most && await pump.SendNextAsync(cancellation).ConfigureAwait(false))
            {
                tried++;
            }

            OutboxStatus after = await outbox.StatusAsync(cancellation).ConfigureAwait(false);
            long delivered = after.Delivered - before.Delivered;
            output.WriteLine(common.Json(parsed)
                ? JsonLine.Of(json =>
                {
                    json.WriteNumber("tried", tried);
                    json.WriteNumber("delivered", delivered);
                    json.WriteNumber("pending", after.Pending);
                    json.WriteNumber("dead", after.Dead);
                })
                : string.Create(CultureInfo.InvariantCulture, $"{tried} tried, {delivered} delivered; {after.Pending} pending, {after.Dead} dead."));
            return delivered == tried ? ExitCode.Ok : ExitCode.Incomplete;
        }));
        return command;
    }

    private static Argument<string> StoreArgument() => new("store") { Description = "The store." };

    private static async Task<int> RunAsync(string path, bool readOnly, Func<ReportOutbox, Task<int>> act)
    {
        using SqliteSafetyStore store = StoreFile.Open(path, readOnly);
        try
        {
            return await act(new ReportOutbox(store)).ConfigureAwait(false);
        }
        catch (StorageException e)
        {
            throw StoreFile.Explain(e);
        }
    }

    private static async Task<List<OutboxReport>> FindAsync(
        ReportOutbox outbox, ReportState state, string? kind, long after, int max, CancellationToken cancellation)
    {
        var found = new List<OutboxReport>();
        while (found.Count < max)
        {
            IReadOnlyList<OutboxReport> part = await outbox.ListAsync(state, after, PartReports, cancellation).ConfigureAwait(false);
            if (part.Count == 0)
            {
                break;
            }

            found.AddRange(part.Where(r => kind is null || r.Kind == kind).Take(max - found.Count));
            after = part[^1].Sequence;
        }

        return found;
    }

    private static async Task<OutboxReport> FindAsync(ReportOutbox outbox, long number, CancellationToken cancellation)
    {
        foreach (ReportState state in Enum.GetValues<ReportState>())
        {
            if (number > 0 && await outbox.ListAsync(state, number - 1, 1, cancellation).ConfigureAwait(false) is [{ } report] && report.Sequence == number)
            {
                return report;
            }
        }

        throw new CommandException(ExitCode.Usage, $"there is no report {Number(number)}.");
    }

    private static void Write(Utf8JsonWriter json, OutboxReport report)
    {
        json.WriteNumber("report", report.Sequence);
        json.WriteString("kind", report.Kind);
        json.WriteString("state", StateNames[(int)report.State]);
        json.WriteNumber("attempts", report.Attempts);
        json.WriteString("due", IsReview(report) ? null : report.DueAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteString("error", Error(report));
        json.WriteString("verdict", report.VerdictId);
        json.WriteString("receiver_id", IsReview(report) ? null : report.RemoteId);
        json.WriteNumber("bytes", report.Payload.Length);
        json.WriteString("accepted", report.CreatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteString("changed", report.ChangedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
    }

    // What people review here is never due, and what they wrote is no error.
    private static bool IsReview(OutboxReport report) => report.Kind == UserReportLedger.Kind;

    private static string? Error(OutboxReport report) => IsReview(report) ? null : report.LastError;

    private static string Due(OutboxReport report)
        => report.State is ReportState.Delivered or ReportState.Dead || IsReview(report) ? string.Empty : Time(report.DueAt);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static int AtLeastOne(int value, string option)
        => value >= 1 ? value : throw new CommandException(ExitCode.Usage, $"{option} is at least 1.");
}
