using System.CommandLine;
using System.Globalization;
using SafetySdk.Images;

namespace SafetySdk.Cli.Commands;

/// <summary>The options that say how a picture is decoded, for the commands that let one choose.</summary>
internal sealed class DecodeArguments
{
    private readonly Option<string?> _orientation = new("--orientation") { Description = "EXIF orientation: apply (default) or ignore." };
    private readonly Option<string?> _profile = new("--colour-profile") { Description = "as-is (default) or srgb: convert by the embedded profile." };
    private readonly Option<string?> _alpha = new("--alpha") { Description = "flatten (default) or drop." };
    private readonly Option<string?> _background = new("--background") { Description = "RRGGBB that transparency is laid over (default: ffffff)." };
    private readonly Option<bool> _truncated = new("--allow-truncated") { Description = "Take what there is of a picture whose data ends early." };
    private readonly Option<bool> _avif = new("--allow-avif") { Description = "Read AVIF too." };

    public DecodeArguments()
    {
        _orientation.AcceptOnlyFromAmong("apply", "ignore");
        _profile.AcceptOnlyFromAmong("as-is", "srgb");
        _alpha.AcceptOnlyFromAmong("flatten", "drop");
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_orientation);
        command.Add(_profile);
        command.Add(_alpha);
        command.Add(_background);
        command.Add(_truncated);
        command.Add(_avif);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="CommandException">The background is no colour.</exception>
    public DecodeOptions Of(ParseResult parsed) => new()
    {
        Orientation = parsed.GetValue(_orientation) == "ignore" ? OrientationTreatment.Ignore : OrientationTreatment.Apply,
        Colour = parsed.GetValue(_profile) == "srgb" ? ColourTreatment.ToSrgb : ColourTreatment.AsIs,
        Alpha = parsed.GetValue(_alpha) == "drop" ? AlphaTreatment.Drop : AlphaTreatment.Flatten,
        Background = parsed.GetValue(_background) is { } text ? Colour("--background", text) : DecodeOptions.Default.Background,
        AllowTruncated = parsed.GetValue(_truncated),
        AllowAvif = parsed.GetValue(_avif),
    };

    /// <summary>A colour of six hexadecimal digits.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static PadColour Colour(string option, string text)
        => text.Length == 6 && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint rgb)
            ? new PadColour((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb)
            : throw new CommandException(ExitCode.Usage, $"{option} is RRGGBB, six hexadecimal digits.");
}
