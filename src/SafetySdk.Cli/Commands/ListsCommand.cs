using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Matching.Exchanges;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety lists</c>: lists of known content.</summary>
internal static class ListsCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var command = new Command("lists", "Builds, changes and searches lists of known content.")
        {
            Build(common, output, error), Pull(common, output), Info(common, output), Match(common, output, error),
        };
        foreach (Command change in ListChangesCommand.Create(common, output, error))
        {
            command.Add(change);
        }

        return command;
    }

    private static Command Build(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var sources = new Argument<string[]>("source")
        {
            Description = "Lists of any known format, applied in this order.",
            Arity = ArgumentArity.OneOrMore,
        };
        var outFile = new Option<string>("--out") { Description = "The index file; an old one is replaced as a whole.", Required = true };
        var name = new Option<string?>("--name") { Description = "Name of the list in results (default: the index file's name)." };
        var source = new Option<string?>("--source") { Description = "Where the lists come from, kept in the index." };
        var distance = new Option<int>("--distance")
        {
            Description = "Most bits in which a PDQ hash may differ.",
            DefaultValueFactory = _ => PdqHash.MatchDistance,
        };
        Option<bool> sha256 = ListChangesCommand.Sha256();
        var skipBadLines = new Option<bool>("--skip-bad-lines") { Description = "Name bad lines and go on, instead of refusing the list." };
        var listFormat = new Option<string?>("--list-format") { Description = "Format of the lists (default: told by content)." };
        listFormat.AcceptOnlyFromAmong([.. HashListFormats.AllNames]);
        var probes = new Option<string?>("--probes")
        {
            Description = "A text list of benign hashes: an update that newly matches them is put in quarantine.",
        };
        var allowed = new Option<int>("--allowed-probes") { Description = "Probes that an update may newly match (default: none)." };
        var command = new Command("build", "Builds an index from lists of known content.")
        {
            sources, outFile, name, source, distance, sha256, skipBadLines, listFormat, probes, allowed,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(outFile);
            int bits = parsed.GetValue(distance);
            if (bits is < 0 or > HashIndexWriter.MaxMatchDistance)
            {
                throw new CommandException(ExitCode.Usage, $"--distance is {bits}; 0 to {HashIndexWriter.MaxMatchDistance} is allowed.");
            }

            var options = new HashListOptions
            {
                Format = HashListFormats.TryParse(parsed.GetValue(listFormat) ?? string.Empty, out HashListFormat format) ? format : null,
                SixtyFourDigits = parsed.GetValue(sha256) ? HashKind.Sha256 : HashKind.Pdq,
                OnBadLine = !parsed.GetValue(skipBadLines) ? null : problem => error.WriteLine($"safety: {problem.Message} (skipped)"),
            };
            using var writer = new HashIndexWriter(
                parsed.GetValue(name) ?? Path.GetFileNameWithoutExtension(path), bits, source: parsed.GetValue(source) ?? string.Empty);
            using var builder = new HashListBuilder(writer, options);
            foreach (string list in parsed.GetRequiredValue(sources))
            {
                builder.Add(list);
            }

            HashListCounts counts = builder.Complete();
            if (parsed.GetValue(allowed) < 0)
            {
                throw new CommandException(ExitCode.Usage, "--allowed-probes is negative.");
            }

            var guard = new FloodGuard(parsed.GetValue(probes) is { } benign ? HashListReader.Read(benign) : [], parsed.GetValue(allowed));
            HashIndexUpdate update = guard.Save(writer, path);
            if (update.Outcome == HashIndexUpdateOutcome.Quarantined)
            {
                error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"safety: {update.NewMatches} of {update.Probes} probes would newly match; the old index stays, the new is {update.Path}."));
                return ExitCode.Review;
            }

            output.WriteLine(common.Json(parsed) ? JsonLine.Of(json => WriteCounts(json, counts)) : Text(path, counts));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Pull(GlobalOptions common, TextWriter output)
    {
        var kind = new Argument<string>("kind") { Description = "The exchange: ncmec, stopncii or tat." };
        kind.AcceptOnlyFromAmong("ncmec", "stopncii", "tat");
        var config = new Option<string>("--config")
        {
            Description = "JSON: url, and NAME_env or NAME_file for each credential.",
            Required = true,
        };
        var outFile = new Option<string>("--out") { Description = "The records file, for `lists build`; pulled on.", Required = true };
        var command = new Command("pull", "Pulls what is new from an exchange.") { kind, config, outFile };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                ExchangeKind exchange = parsed.GetRequiredValue(kind) switch
                {
                    "ncmec" => ExchangeKind.Ncmec,
                    "stopncii" => ExchangeKind.StopNcii,
                    _ => ExchangeKind.TechAgainstTerrorism,
                };
                string path = parsed.GetRequiredValue(outFile);
                using var client = new ExchangeClient(ExchangeOptions.Load(exchange, parsed.GetRequiredValue(config)));
                PullResult result = await client.PullAsync(path, cancellation).ConfigureAwait(false);
                output.WriteLine(common.Json(parsed)
                    ? JsonLine.Of(json =>
                    {
                        json.WriteNumber("pages", result.Pages);
                        json.WriteNumber("records", result.Records);
                        json.WriteNumber("skipped", result.Bad);
                        json.WriteNumber("linked", result.Linked);
                    })
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path}: {result.Pages} pages, {result.Records} records, {result.Bad} bad skipped, {result.Linked} only linked"));
                return ExitCode.Ok;
            }
            catch (ExchangeException e)
            {
                throw new CommandException(
                    e.Error switch
                    {
                        ExchangeError.Configuration => ExitCode.Usage,
                        ExchangeError.Storage => ExitCode.UnreadableInput,
                        ExchangeError.Unauthorized => ExitCode.Missing,
                        _ => ExitCode.Incomplete,
                    },
                    e.Message);
            }
        });
        return command;
    }

    private static Command Info(GlobalOptions common, TextWriter output)
    {
        var file = new Argument<string>("index") { Description = "An index, or a list of any known format." };
        var verify = new Option<bool>("--verify") { Description = "Prove the whole file against its checksums, not only its header." };
        var command = new Command("info", "Says what an index holds.") { file, verify };
        command.SetAction(parsed =>
        {
            using HashIndex index = HashIndex.OpenAny(parsed.GetRequiredValue(file));
            if (parsed.GetValue(verify))
            {
                index.Verify();
            }

            if (common.Json(parsed))
            {
                output.WriteLine(JsonLine.Of(json =>
                {
                    json.WriteString("name", index.Name);
                    json.WriteString("digest", index.Digest);
                    json.WriteNumber("entries", index.Count);
                    json.WriteNumber("distance", index.MatchDistance);
                    json.WriteNumber("quality_gate", index.QualityGate);
                    json.WriteString("created", index.Created);
                    json.WriteString("source", index.Source);
                    json.WriteNumber("bytes", index.FileBytes);
                    json.WriteNumber("changes", index.Changes);
                    WriteCounts(json, index);
                }));
            }
            else
            {
                string counts = string.Join(", ", HashKinds.All.Where(HashIndexWriter.Holds).Select(k => $"{k.Name()} {index.CountOf(k)}"));
                output.WriteLine(
                    $"{index.Name}: {index.Count} entries ({counts}), distance {index.MatchDistance}, quality gate {index.QualityGate}");
                string source = index.Source.Length == 0 ? string.Empty : $", from {index.Source}";
                output.WriteLine($"created {index.Created:u}{source}, {index.FileBytes} bytes, {index.Changes} changes, digest {index.Digest}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Match(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var indexFile = new Argument<string>("index") { Description = "An index, or a list of any known format." };
        var files = new Argument<string[]>("file") { Description = "Pictures.", Arity = ArgumentArity.ZeroOrMore };
        var hashes = new Option<string[]>("--hash")
        {
            Description = "PDQ hashes or digests to look up instead; may be repeated.",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<bool> sha256 = ListChangesCommand.Sha256();
        var command = new Command("match", "Looks pictures or hashes up.") { indexFile, files, hashes, sha256 };
        command.SetAction(parsed =>
        {
            string[] pictures = parsed.GetValue(files) ?? [];
            string[] needles = parsed.GetValue(hashes) ?? [];
            if (pictures.Length + needles.Length == 0)
            {
                throw new CommandException(ExitCode.Usage, "nothing to match: give files or --hash.");
            }

            var matcher = HashIndexMatcher.Open([parsed.GetRequiredValue(indexFile)]);
            bool json = common.Json(parsed);
            foreach (string needle in needles)
            {
                (HashKind kind, string digits) = ListChangesCommand.ParseHash(needle, parsed.GetValue(sha256));
                Write("hash", needle, new KnownContentResult(
                    kind == HashKind.Pdq ? matcher.Match(PdqHash.Parse(digits)) : matcher.Match(kind, Convert.FromHexString(digits)), false));
            }

            int exitCode = ExitCode.Ok;
            if (pictures.Length > 0)
            {
                using ServiceProvider services = CommandServices.Create(common.HomeOf(parsed));
                IImageDecoder decoder = services.GetRequiredService<IImageDecoder>();
                foreach (string picture in pictures)
                {
                    try
                    {
                        byte[] encoded = InputFile.Read(picture, ImageLimits.Default.MaxBytes);
                        using DecodedImage image = decoder.Decode(encoded, DecodeOptions.Default);
                        Write("file", picture, matcher.Match(encoded, image.Pixels));
                    }
                    catch (ImageException e) when (e.Error is not (ImageError.DecoderMissing or ImageError.DecoderTooOld))
                    {
                        error.WriteLine($"safety: {picture}: {e.Message}");
                        exitCode = ExitCode.UnreadableInput;
                    }
                }
            }

            return exitCode;

            void Write(string kind, string subject, KnownContentResult result)
                => output.WriteLine(json ? Json(kind, subject, result) : Text(subject, result));
        });
        return command;
    }

    private static string Text(string subject, KnownContentResult result)
    {
        string note = result.TooLittleDetail ? " (too little detail for PDQ; digests only)" : string.Empty;
        return result.Matches.Count == 0
            ? $"{subject}: no match{note}"
            : string.Join('\n', result.Matches.Select(m => $"{subject}: {Text(m)}{note}"));
    }

    private static string Text(KnownContentMatch match)
    {
        string labels = string.Join(' ', match.Labels);
        return string.Create(
            CultureInfo.InvariantCulture, $"{match.List} {match.EntryId}, {match.Algorithm} distance {match.Distance}, {match.Form} {labels}")
            .TrimEnd();
    }

    private static string Json(string kind, string subject, KnownContentResult result) => JsonLine.Of(json =>
    {
        json.WriteString(kind, subject);
        json.WriteStartArray("matches");
        foreach (KnownContentMatch match in result.Matches)
        {
            json.WriteStartObject();
            json.WriteString("list", match.List);
            json.WriteString("id", match.EntryId);
            json.WriteString("algorithm", match.Algorithm);
            json.WriteNumber("distance", match.Distance);
            json.WriteString("form", match.Form);
            json.WriteString("source", match.Source);
            json.WriteString("classification", match.Classification);
            json.WriteString("state", match.State);
            json.WriteStartArray("labels");
            foreach (string label in match.Labels)
            {
                json.WriteStringValue(label);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("too_little_detail", result.TooLittleDetail);
        json.WriteNumber("vetoed", result.Vetoed.Count);
    });

    private static string Text(string path, HashListCounts counts)
    {
        string unsupported = counts.Unsupported.Count == 0
            ? string.Empty
            : ", not compared here: " + string.Join(
                ", ", counts.Unsupported.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: {counts.Added} entries, {counts.Replaced} replaced, {counts.Removed} removed, ")
            + string.Create(CultureInfo.InvariantCulture, $"{counts.Stale} outdated, {counts.Bad} bad skipped{unsupported}");
    }

    private static void WriteCounts(Utf8JsonWriter json, HashListCounts counts)
    {
        json.WriteNumber("entries", counts.Added);
        json.WriteNumber("replaced", counts.Replaced);
        json.WriteNumber("removed", counts.Removed);
        json.WriteNumber("stale", counts.Stale);
        json.WriteNumber("skipped", counts.Bad);
        json.WriteStartObject("unsupported");
        foreach ((string type, long count) in counts.Unsupported)
        {
            json.WriteNumber(type, count);
        }

        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, HashIndex index)
    {
        json.WriteStartObject("counts");
        foreach (HashKind kind in HashKinds.All.Where(HashIndexWriter.Holds))
        {
            json.WriteNumber(kind.Name(), index.CountOf(kind));
        }

        json.WriteEndObject();
    }
}
