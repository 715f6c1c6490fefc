using System.CommandLine;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety images</c>: what the detectors see.</summary>
internal static class ImagesCommand
{
    public static Command Create(GlobalOptions common, TextWriter output, TextWriter error)
        => new("images", "Shows what pictures are, what the image detectors see, and what networks are fed.")
        {
            ImageInfoCommand.Create(common, output, error), Classify(common, output, error), TensorCommand.Create(common, output),
        };

    private static Command Classify(GlobalOptions common, TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("file") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("classify", "Runs every detector and prints one object a picture.") { files };
        command.SetAction(parsed =>
        {
            using ServiceProvider services = CommandServices.Create(common.HomeOf(parsed));
            IImageDecoder decoder = services.GetRequiredService<IImageDecoder>();
            IImageAnalyzer analyzer = services.GetRequiredService<IImageAnalyzer>();
            int exitCode = ExitCode.Ok;
            foreach (string file in parsed.GetRequiredValue(files))
            {
                try
                {
                    using DecodedImage image = decoder.Decode(InputFile.Read(file, ImageLimits.Default.MaxBytes), DecodeOptions.Default);
                    ImageAnalysis analysis = analyzer.Analyze(image.Pixels);
                    output.WriteLine(common.Json(parsed) ? Json(file, analysis) : Text(file, analysis));
                    if (analysis.Failures.Count > 0)
                    {
                        error.WriteLine($"safety: {file}: {string.Join("; ", analysis.Failures.Select(f => $"{f.Check}: {f.Message}"))}");
                        exitCode = ExitCode.Incomplete;
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

    private static string Text(string file, ImageAnalysis analysis)
    {
        var text = new StringBuilder();
        text.AppendLine(Invariant($"{file}: person {PersonName(analysis.Person)}, photo {analysis.Photo:0.00}"));
        foreach (Signal signal in analysis.Signals)
        {
            text.AppendLine(Invariant($"  {signal.Category.Name(),-20} {signal.Score:0.00}  {signal.Detector}"));
        }

        foreach (FaceFinding face in analysis.Faces)
        {
            string age = face.Age is { } years
                ? Invariant($"about {years:0}, under 18: {face.Under18:0.00}")
                : "too small to judge the age";
            text.AppendLine(Invariant($"  face                 {face.Score:0.00}  {Box(face.Box)}, {age}"));
        }

        foreach (ObjectFinding found in analysis.Objects)
        {
            text.AppendLine(Invariant($"  object {found.Label,-13} {found.Score:0.00}  {Box(found.Box)}"));
        }

        foreach (TextLine line in analysis.Text)
        {
            text.AppendLine(Invariant($"  text                 {line.Confidence:0.00}  {line.Text}"));
        }

        return text.ToString().TrimEnd();

        static string Box(ImageRegion box) => Invariant($"at {box.X:0},{box.Y:0} {box.Width:0}x{box.Height:0}");
        static string Invariant(FormattableString line) => FormattableString.Invariant(line);
    }

    private static string PersonName(PersonPresence person) => person switch
    {
        PersonPresence.None => "none",
        PersonPresence.Adult => "adult",
        PersonPresence.Child => "child",
        _ => "unknown",
    };

    private static string Json(string file, ImageAnalysis analysis) => JsonLine.Of(json =>
    {
        json.WriteString("file", file);
        json.WriteString("person", PersonName(analysis.Person));
        WriteNumber(json, "photo", analysis.Photo);
        json.WriteStartArray("signals");
        foreach (Signal signal in analysis.Signals)
        {
            json.WriteStartObject();
            json.WriteString("category", signal.Category.Name());
            WriteNumber(json, "score", signal.Score);
            json.WriteString("detector", signal.Detector);
            json.WriteString("version", signal.Version);
            if (signal.Region is { } region)
            {
                WriteBox(json, "region", region);
            }
            else
            {
                json.WriteNull("region");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("text");
        foreach (TextLine line in analysis.Text)
        {
            json.WriteStartObject();
            json.WriteString("text", line.Text);
            WriteNumber(json, "confidence", line.Confidence);
            json.WriteStartArray("box");
            foreach (ImagePoint corner in line.Box)
            {
                json.WriteStartArray();
                json.WriteNumberValue(Math.Round(corner.X, 2));
                json.WriteNumberValue(Math.Round(corner.Y, 2));
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("faces");
        foreach (FaceFinding face in analysis.Faces)
        {
            json.WriteStartObject();
            WriteBox(json, "box", face.Box);
            WriteNumber(json, "score", face.Score);
            WriteNumber(json, "age", face.Age);
            WriteNumber(json, "under18", face.Under18);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("objects");
        foreach (ObjectFinding found in analysis.Objects)
        {
            json.WriteStartObject();
            json.WriteString("label", found.Label);
            WriteNumber(json, "score", found.Score);
            WriteBox(json, "box", found.Box);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static void WriteBox(Utf8JsonWriter json, string name, ImageRegion box)
    {
        json.WriteStartObject(name);
        WriteNumber(json, "x", box.X);
        WriteNumber(json, "y", box.Y);
        WriteNumber(json, "width", box.Width);
        WriteNumber(json, "height", box.Height);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, Math.Round(number, 4));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
