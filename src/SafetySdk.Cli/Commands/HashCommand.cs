using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety hash</c>: fingerprints of files.</summary>
internal static class HashCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("file") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
        var algorithm = new Option<string>("--algorithm")
        {
            Description = "Which fingerprint.",
            DefaultValueFactory = _ => HashKind.Pdq.Name(),
        };
        algorithm.AcceptOnlyFromAmong([.. HashKinds.All.Select(k => k.Name())]);
        var profile = new Option<string>("--profile")
        {
            Description = "Which convention of PDQ: full (HMA, python-threatexchange) or cpp512 (the reference's command line).",
            DefaultValueFactory = _ => "full",
        };
        profile.AcceptOnlyFromAmong("full", "cpp512");
        var dihedral = new Option<bool>("--dihedral") { Description = "PDQ of all eight orientations." };
        var command = new Command("hash", "Prints hash,quality,file for each file.") { files, algorithm, profile, dihedral };
        command.SetAction(parsed =>
        {
            HashKind kind = HashKinds.All.First(k => k.Name() == parsed.GetRequiredValue(algorithm));
            PdqProfile pdqProfile = parsed.GetValue(profile) == "cpp512" ? PdqProfile.Cpp512 : PdqProfile.Full;
            bool allForms = parsed.GetValue(dihedral);
            if (allForms && kind != HashKind.Pdq)
            {
                throw new CommandException(ExitCode.Usage, "--dihedral goes with --algorithm pdq only.");
            }

            using ServiceProvider services = CommandServices.Create(common.HomeOf(parsed));
            var writer = new HashWriter(output, common.Json(parsed));
            int exitCode = ExitCode.Ok;
            foreach (string file in parsed.GetRequiredValue(files))
            {
                try
                {
                    byte[] encoded = InputFile.Read(file, ImageLimits.Default.MaxBytes);
                    if (kind.IsExact())
                    {
                        writer.Write(HashKinds.Compute(kind, encoded, null).Text, null, file, null);
                        continue;
                    }

                    using DecodedImage image = services.GetRequiredService<IImageDecoder>().Decode(encoded, DecodeOptions.Default);
                    if (allForms)
                    {
                        PdqDihedralResult forms = PdqHasher.HashDihedral(image.Pixels, pdqProfile);
                        foreach (PdqForm form in Enum.GetValues<PdqForm>())
                        {
                            writer.Write(forms[form].ToString(), forms.Quality, file, form.Name());
                        }
                    }
                    else
                    {
                        HashText hash = HashKinds.Compute(kind, encoded, image.Pixels, pdqProfile);
                        writer.Write(hash.Text, hash.Quality, file, null);
                    }
                }
                catch (ImageException e) when (e.Error is not (ImageError.DecoderMissing or ImageError.DecoderTooOld))
                {
                    error.WriteLine($"safety: {file}: {e.Message}");
                    exitCode = ExitCode.UnreadableInput;
                }
            }

            return exitCode;
        });
        return command;
    }

    private sealed class HashWriter(TextWriter output, bool asJson)
    {
        public void Write(string hash, int? quality, string file, string? form)
        {
            if (!asJson)
            {
                string measured = quality?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;
                output.WriteLine(form is null ? $"{hash},{measured},{file}" : $"{hash},{measured},{file},{form}");
                return;
            }

            output.WriteLine(JsonLine.Of(json =>
            {
                json.WriteString("hash", hash);
                if (quality is { } value)
                {
                    json.WriteNumber("quality", value);
                }

                json.WriteString("file", file);
                if (form is not null)
                {
                    json.WriteString("form", form);
                }
            }));
        }
    }
}
