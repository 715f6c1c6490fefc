using System.CommandLine;
using System.Globalization;
using SafetySdk.Hashing;
using SafetySdk.Matching;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety lists add|remove|compact|release</c>: changes of an index that is in use.</summary>
internal static class ListChangesCommand
{
    public static IEnumerable<Command> Create(GlobalOptions common, TextWriter output, TextWriter error)
        => [Add(common, output, error), Remove(common, output), Compact(common, output), Release(output)];

    /// <summary>Reads a digest or PDQ hash by the number of its digits.</summary>
    public static (HashKind Kind, string Value) ParseHash(string text, bool sha256)
    {
        HashKind? kind = text.Length switch
        {
            32 => HashKind.Md5,
            40 => HashKind.Sha1,
            64 => sha256 ? HashKind.Sha256 : HashKind.Pdq,
            _ => null,
        };
        return kind is { } known && text.All(char.IsAsciiHexDigit)
            ? (known, text)
            : throw new CommandException(ExitCode.Usage, "--hash: 32 (md5), 40 (sha1) or 64 (pdq, sha256) hexadecimal digits.");
    }

    public static Option<bool> Sha256() => new("--sha256") { Description = "Take 64 digits for SHA-256, not PDQ, where nothing else says." };

    private static Argument<string> Index() => new("index") { Description = "An index that `lists build` wrote." };

    private static Command Add(GlobalOptions common, TextWriter output, TextWriter error)
    {
        Argument<string> index = Index();
        var sources = new Argument<string[]>("source")
        {
            Description = "Lists of any known format whose entries are added.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> sha256 = Sha256();
        var probes = new Option<string?>("--probes")
        {
            Description = "A text list of benign hashes: entries that newly match one are not added.",
        };
        var command = new Command("add", "Adds entries to an index; look-ups find them at once.") { index, sources, sha256, probes };
        command.SetAction(parsed =>
        {
            var options = new HashListOptions { SixtyFourDigits = parsed.GetValue(sha256) ? HashKind.Sha256 : HashKind.Pdq };
            var entries = new List<HashListEntry>();
            foreach (HashListRecord record in parsed.GetRequiredValue(sources).SelectMany(source => HashListDocument.Read(source, options)))
            {
                if (record.Removed)
                {
                    throw new CommandException(
                        ExitCode.UnreadableInput, $"{record.Source}: the list takes entries back; build the index again, or use `lists remove`.");
                }

                entries.AddRange(record.Fingerprints.Where(one => one.Kind is not null).Select(
                    one => new HashListEntry(record.Id, one.Kind!.Value, one.Value, record.Labels, record.Source)
                    {
                        Classification = record.Classification,
                        State = record.State,
                    }));
            }

            using var live = LiveHashIndex.Open(parsed.GetRequiredValue(index));
            if (parsed.GetValue(probes) is { } benign)
            {
                using HashIndexLease lease = live.Acquire();
                using var writer = new HashIndexWriter("new", lease.Index.MatchDistance);
                writer.AddRange(entries);
                using HashIndex candidate = writer.ToIndex();
                int matches = new FloodGuard(HashListReader.Read(benign)).NewMatches(candidate, lease.Index);
                if (matches > 0)
                {
                    error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"safety: {matches} probes would newly match; nothing was added."));
                    return ExitCode.Review;
                }
            }

            entries.ForEach(live.Add);
            live.Flush();
            Tell(common.Json(parsed), output, live, "added", entries.Count);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove(GlobalOptions common, TextWriter output)
    {
        Argument<string> index = Index();
        var hashes = new Option<string[]>("--hash") { Description = "Hashes whose entries go.", AllowMultipleArgumentsPerToken = true };
        var ids = new Option<string[]>("--id") { Description = "Identifiers whose entries go.", AllowMultipleArgumentsPerToken = true };
        var source = new Option<string?>("--source") { Description = "With --id: only entries that came from this list." };
        Option<bool> sha256 = Sha256();
        var command = new Command("remove", "Takes entries out of an index; look-ups no longer find them.") { index, hashes, ids, source, sha256 };
        command.SetAction(parsed =>
        {
            (HashKind Kind, string Value)[] values = [.. (parsed.GetValue(hashes) ?? []).Select(text => ParseHash(text, parsed.GetValue(sha256)))];
            string[] identifiers = parsed.GetValue(ids) ?? [];
            if (values.Length + identifiers.Length == 0)
            {
                throw new CommandException(ExitCode.Usage, "nothing to remove: give --hash or --id.");
            }

            using var live = LiveHashIndex.Open(parsed.GetRequiredValue(index));
            int removed = values.Sum(value => live.Remove(value.Kind, value.Value)) + live.RemoveEntries(identifiers, parsed.GetValue(source));
            live.Flush();
            Tell(common.Json(parsed), output, live, "removed", removed);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Compact(GlobalOptions common, TextWriter output)
    {
        Argument<string> index = Index();
        var command = new Command("compact", "Writes what was added and removed into the index file.") { index };
        command.SetAction(parsed =>
        {
            using var live = LiveHashIndex.Open(parsed.GetRequiredValue(index));
            int changes;
            using (HashIndexLease lease = live.Acquire())
            {
                changes = lease.Index.Changes;
            }

            live.Compact();
            Tell(common.Json(parsed), output, live, "written", changes);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Release(TextWriter output)
    {
        Argument<string> index = Index();
        var command = new Command("release", "Puts an index in place that `lists build --probes` left in quarantine.") { index };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(index);
            FloodGuard.Release(path);
            output.WriteLine($"{path}: replaced by the index that was in quarantine");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Tell(bool json, TextWriter output, LiveHashIndex live, string what, int count)
    {
        using HashIndexLease lease = live.Acquire();
        HashIndex index = lease.Index;
        output.WriteLine(json
            ? JsonLine.Of(line =>
            {
                line.WriteNumber(what, count);
                line.WriteNumber("entries", index.Count);
                line.WriteNumber("changes", index.Changes);
                line.WriteString("digest", index.Digest);
            })
            : string.Create(CultureInfo.InvariantCulture, $"{index.Name}: {count} {what}, {index.Count} entries, {index.Changes} changes"));
    }
}
