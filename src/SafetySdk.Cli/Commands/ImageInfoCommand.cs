using System.CommandLine;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Images;
using static System.FormattableString;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety images info</c>: what pictures are, and what decoding them does, without showing them.</summary>
internal static class ImageInfoCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("file") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
        var header = new Option<bool>("--header-only") { Description = "Judge by the header alone; decode nothing." };
        var decoding = new DecodeArguments();
        var command = new Command("info", "Prints format, sizes and what decoding does, one picture a line.") { files, header };
        decoding.AddTo(command);
        command.SetAction(parsed =>
        {
            DecodeOptions options = decoding.Of(parsed);
            using ServiceProvider services = CommandServices.Create(common.HomeOf(parsed));
            IImageDecoder decoder = services.GetRequiredService<IImageDecoder>();
            int exitCode = ExitCode.Ok;
            foreach (string file in parsed.GetRequiredValue(files))
            {
                try
                {
                    byte[] encoded = InputFile.Read(file, options.Limits.MaxBytes);
                    ImageInfo info = parsed.GetValue(header)
                        ? decoder.ReadInfo(encoded, options)
                        : decoder.DecodeRows(encoded, options, new IgnoredRows());
                    output.WriteLine(common.Json(parsed) ? Json(file, info) : Text(file, info));
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

    private static string Text(string file, ImageInfo info)
    {
        var text = new StringBuilder();
        text.Append(Invariant($"{file}: {Name(info.Format)} {info.Width}x{info.Height}"));
        if ((info.Width, info.Height) != (info.StoredWidth, info.StoredHeight))
        {
            text.Append(Invariant($" (stored {info.StoredWidth}x{info.StoredHeight})"));
        }

        text.Append(Invariant($", {info.Channels} x {info.BitDepth} bit"));
        Append(info.Orientation != 1, Invariant($"orientation {info.Orientation}{(info.IsOrientationApplied ? string.Empty : " ignored")}"));
        Append(info.Alpha is not null, $"alpha {(info.Alpha == AlphaTreatment.Drop ? "dropped" : "flattened")}");
        Append(info.ColourProfile != ColourProfileUse.None, $"colour profile {Name(info.ColourProfile)}");
        Append(info.Frames > 1, Invariant($"{info.Frames} frames, first one shown"));
        Append(info.IsDamaged, "damaged: what remains is shown");
        Append(info.TrailingBytes > 0, Invariant($"{info.TrailingBytes} bytes after the end of the picture"));
        return text.ToString();

        void Append(bool applies, string words)
        {
            if (applies)
            {
                text.Append(", ").Append(words);
            }
        }
    }

    private static string Json(string file, ImageInfo info) => JsonLine.Of(json =>
    {
        json.WriteString("file", file);
        json.WriteString("image_format", Name(info.Format));
        json.WriteNumber("width", info.Width);
        json.WriteNumber("height", info.Height);
        json.WriteNumber("stored_width", info.StoredWidth);
        json.WriteNumber("stored_height", info.StoredHeight);
        json.WriteNumber("channels", info.Channels);
        json.WriteNumber("bit_depth", info.BitDepth);
        json.WriteNumber("orientation", info.Orientation);
        json.WriteBoolean("orientation_applied", info.IsOrientationApplied);
        json.WriteNumber("frames", info.Frames);
        json.WriteString("alpha", info.Alpha switch { null => "none", AlphaTreatment.Drop => "dropped", _ => "flattened" });
        json.WriteString("colour_profile", Name(info.ColourProfile));
        json.WriteNumber("trailing_bytes", info.TrailingBytes);
        json.WriteBoolean("damaged", info.IsDamaged);
    });

    private static string Name(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "jpeg",
        ImageFormat.Png => "png",
        ImageFormat.WebP => "webp",
        ImageFormat.Gif => "gif",
        ImageFormat.Avif => "avif",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    private static string Name(ColourProfileUse use) => use switch
    {
        ColourProfileUse.None => "none",
        ColourProfileUse.NotApplied => "not applied",
        ColourProfileUse.Applied => "applied",
        ColourProfileUse.BuiltIn => "built-in applied",
        ColourProfileUse.Broken => "broken, ignored",
        ColourProfileUse.TooLarge => "too large, ignored",
        _ => throw new ArgumentOutOfRangeException(nameof(use)),
    };

    // Decoding shows what a header cannot: damage, and whether a profile can be used.
    private sealed class IgnoredRows : IImageRowReceiver
    {
        public void Begin(ImageRowFormat format)
        {
        }

        public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
        {
        }
    }
}
