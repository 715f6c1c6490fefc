using System.CommandLine;
using System.Globalization;
using System.Text;
using SafetySdk.Audit;
using SafetySdk.Storage;
using SafetySdk.Storage.Sqlite;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety audit</c>: the log of what was decided.</summary>
internal static class AuditCommand
{
    public static Command Create(GlobalOptions common, TextWriter output)
        => new("audit", "Checks and exports the log of what was decided.") { Verify(common, output), Export(output) };

    private static Command Verify(GlobalOptions common, TextWriter output)
    {
        var file = new Argument<string>("file") { Description = "A store, or an exported log." };
        var head = new Option<string?>("--head") { Description = "Head that was kept elsewhere, SEQUENCE:HASH; the log must hold that record." };
        var command = new Command("verify", "Finds the first record that was altered, removed, moved or cut off.") { file, head };
        command.SetAction(async (parsed, cancellation) =>
        {
            AuditHead? kept = null;
            if (parsed.GetValue(head) is { } text)
            {
                kept = AuditHead.TryParse(text, out AuditHead named)
                    ? named
                    : throw new CommandException(ExitCode.Usage, "--head is SEQUENCE:HASH, a number and 64 lower-case hexadecimal digits.");
            }

            string path = parsed.GetRequiredValue(file);
            AuditVerification found = await CheckAsync(path, kept, cancellation).ConfigureAwait(false);
            output.WriteLine(common.Json(parsed) ? Json(path, found) : Text(path, found));
            return found.IsIntact ? ExitCode.Ok : ExitCode.UnreadableInput;
        });
        return command;
    }

    private static Command Export(TextWriter output)
    {
        var file = new Argument<string>("file") { Description = "A store." };
        var outFile = new Option<string?>("--out") { Description = "File to write (default: standard output)." };
        var command = new Command("export", "Writes the log as JSON, a record a line; the last line names the head.") { file, outFile };
        command.SetAction(async (parsed, cancellation) =>
        {
            using SqliteSafetyStore store = StoreFile.Open(parsed.GetRequiredValue(file));
            try
            {
                // The log tells who may not be served: for its owner alone, and never over a file that is there.
                Stream stream = parsed.GetValue(outFile) is { } path ? CreateFile(path) : new TextStream(output);
                await using (stream.ConfigureAwait(false))
                {
                    await StoredAudit.ExportAsync(store, stream, cancellation).ConfigureAwait(false);
                }

                return ExitCode.Ok;
            }
            catch (StorageException e)
            {
                throw StoreFile.Explain(e);
            }
        });
        return command;
    }

    private static async Task<AuditVerification> CheckAsync(string path, AuditHead? kept, CancellationToken cancellation)
    {
        if (StoreFile.IsDatabase(path))
        {
            using SqliteSafetyStore store = StoreFile.Open(path);
            try
            {
                return await StoredAudit.VerifyAsync(store, kept, cancellation).ConfigureAwait(false);
            }
            catch (StorageException e)
            {
                throw StoreFile.Explain(e);
            }
        }

        using FileStream export = StoreFile.Read(path);
        return AuditExport.Verify(export, kept);
    }

    private static FileStream CreateFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static string Json(string path, AuditVerification found) => JsonLine.Of(json =>
    {
        json.WriteString("file", path);
        json.WriteBoolean("intact", found.IsIntact);
        json.WriteNumber("records", found.Head.Sequence);
        json.WriteString("head", found.Head.ToString());
        if (found.Fault is { } fault)
        {
            json.WriteStartObject("fault");
            json.WriteString("kind", fault.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("sequence", fault.Sequence);
            json.WriteString("message", fault.Message);
            json.WriteEndObject();
        }
    });

    private static string Text(string path, AuditVerification found) => string.Create(
        CultureInfo.InvariantCulture,
        $"{path}: {found.Head.Sequence} records hold{(found.IsIntact ? string.Empty : $", then: {found.Fault!.Message}")} (head {found.Head})");

    /// <summary>Bytes to a text writer; each write is a whole number of characters.</summary>
    private sealed class TextStream(TextWriter output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => output.Write(Encoding.UTF8.GetString(buffer, offset, count));

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
