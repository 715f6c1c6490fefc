using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SafetySdk.Images;

namespace SafetySdk.Cli.Commands;

/// <summary><c>safety images tensor</c>: the tensor that a network would be fed, as a NumPy file.</summary>
internal sealed class TensorCommand
{
    private const int LargestSide = 16_384;
    private const long MostElements = 1 << 28;

    private static readonly string[] Fits = ["squash", "centre-crop", "letterbox"];
    private static readonly string[] Anchors = ["centre", "top-left", "top-right", "bottom-left", "bottom-right"];

    private readonly Argument<string> _file = new("file") { Description = "A picture." };

    private readonly Option<string> _recipe = new("--recipe")
    {
        Description = $"A model ({string.Join(", ", TensorRecipe.All.Select(r => r.Name))}), "
            + $"or a resampling ({string.Join(", ", ResampleModes.Names)}).",
        Required = true,
    };

    private readonly Option<string> _out = new("--out") { Description = "The .npy file to write.", Required = true };
    private readonly Option<string?> _size = new("--size") { Description = "WxH in pixels; needed unless the model has one size." };
    private readonly Option<string?> _type = new("--dtype")
    {
        Description = "float32 (default), float16, or uint8: levels without normalisation.",
    };

    private readonly Option<string?> _layout = new("--layout")
    {
        Description = "nchw or nhwc (default: the model's, nchw with a resampling).",
    };

    private readonly Option<string?> _crop = new("--crop")
    {
        Description = "x,y,w,h: this part of the picture; the box of the face for a model that gets one.",
    };

    private readonly Option<string?> _fit = new("--fit") { Description = "squash (default), centre-crop or letterbox. With a resampling only." };
    private readonly Option<int?> _edge = new("--shortest-edge")
    {
        Description = "Shorter side before a centre crop (default: the shorter side of --size).",
    };

    private readonly Option<string?> _anchor = new("--anchor")
    {
        Description = "Where a letterboxed picture lies: centre (default), top-left, top-right, bottom-left, bottom-right.",
    };

    private readonly Option<string?> _colour = new("--pad-colour") { Description = "RRGGBB of what the picture does not cover (default: 000000)." };
    private readonly Option<string?> _order = new("--order") { Description = "rgb (default) or bgr." };
    private readonly Option<string?> _range = new("--range") { Description = "low,high: the values of levels 0 and 255 (default: 0,255)." };
    private readonly Option<string?> _mean = new("--mean") { Description = "a,b,c: mean of the channels, for values in 0..1; with --std." };
    private readonly Option<string?> _std = new("--std") { Description = "a,b,c: deviation of the channels, for values in 0..1; with --mean." };
    private readonly Option<string?> _precision = new("--precision") { Description = "exact (default) or fast." };
    private readonly Option<bool> _shrink = new("--shrink-on-load")
    {
        Description = "Let a JPEG be decoded at a half, a quarter or an eighth, where at least 3.3 times the resized picture remains. Not "
            + "with --crop.",
    };

    private readonly DecodeArguments _decoding = new();

    private TensorCommand()
    {
        _type.AcceptOnlyFromAmong("float32", "float16", "uint8");
        _layout.AcceptOnlyFromAmong("nchw", "nhwc");
        _fit.AcceptOnlyFromAmong(Fits);
        _anchor.AcceptOnlyFromAmong(Anchors);
        _order.AcceptOnlyFromAmong("rgb", "bgr");
        _precision.AcceptOnlyFromAmong("exact", "fast");
    }

    private Option[] Shaping => [_fit, _edge, _anchor, _colour, _order, _range, _mean, _std, _precision];

    public static Command Create(GlobalOptions common, TextWriter output) => new TensorCommand().Build(common, output);

    private Command Build(GlobalOptions common, TextWriter output)
    {
        var command = new Command("tensor", "Writes the tensor that a network would be fed, with the batch axis.")
        {
            _file, _recipe, _out, _size, _type, _layout, _crop, _shrink,
        };
        _decoding.AddTo(command);
        foreach (Option option in Shaping)
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            TensorRecipe recipe = Recipe(parsed);
            if (parsed.GetRequiredValue(_out).Length == 0)
            {
                throw Usage("--out is empty.");
            }

            string file = parsed.GetRequiredValue(_file);
            bool crops = parsed.GetValue(_crop) is not null || recipe.CropScale > 0;
            bool shrinks = parsed.GetValue(_shrink);
            if (crops && shrinks)
            {
                throw Usage("--shrink-on-load goes without --crop, whose pixels are those of the full picture.");
            }

            DecodeOptions options = _decoding.Of(parsed);
            using ServiceProvider services = CommandServices.Create(common.HomeOf(parsed));
            IImageDecoder decoder = services.GetRequiredService<IImageDecoder>();
            byte[] encoded = InputFile.Read(file, options.Limits.MaxBytes);
            if (shrinks)
            {
                // What counts is the size before a centre crop, which the picture's proportions decide.
                ImageInfo info = decoder.ReadInfo(encoded, options);
                var geometry = TensorGeometry.Of(recipe, info.Width, info.Height);
                options = options with { ShrinkTowards = new ShrinkTarget(geometry.ResizedWidth, geometry.ResizedHeight) };
            }

            // A part needs the picture; the whole is made while it is decoded.
            using DecodedImage? image = crops ? decoder.Decode(encoded, options) : null;
            PixelRectangle part = image is null ? default : Part(parsed, recipe, image.Pixels);
            string type = parsed.GetValue(_type) ?? "float32";
            string path = parsed.GetRequiredValue(_out);
            int[] shape = recipe.Layout == TensorLayout.Nchw ? [1, 3, recipe.Height, recipe.Width] : [1, recipe.Height, recipe.Width, 3];
            switch (type)
            {
                case "float32":
                    Save<float>(
                        all => ImageTensor.Decode(decoder, encoded, options, recipe, all),
                        (pixels, cut) => ImageTensor.Write(pixels, part, recipe, cut));
                    break;
                case "float16":
                    Save<Half>(
                        all => ImageTensor.Decode(decoder, encoded, options, recipe, all),
                        (pixels, cut) => ImageTensor.Write(pixels, part, recipe, cut));
                    break;
                default:
                    Save<byte>(
                        all => ImageTensor.Decode(decoder, encoded, options, recipe, all),
                        (pixels, cut) => ImageTensor.Write(pixels, part, recipe, cut));
                    break;
            }

            void Save<T>(Action<T[]> decode, Action<PixelBuffer, T[]> write)
                where T : unmanaged
            {
                T[] tensor = new T[recipe.ElementCount];
                if (image is null)
                {
                    decode(tensor);
                }
                else
                {
                    write(image.Pixels, tensor);
                }

                NpyFile.Write<T>(path, shape, tensor);
            }

            output.WriteLine(common.Json(parsed)
                ? Json(file, path, recipe, type, shape)
                : $"{path}: {type} [{string.Join(',', shape)}], {recipe.Name}");
            return ExitCode.Ok;
        });
        return command;
    }

    private TensorRecipe Recipe(ParseResult parsed)
    {
        string name = parsed.GetRequiredValue(_recipe);
        (int Width, int Height)? size = parsed.GetValue(_size) is { } text ? Size(text) : null;
        string? layout = parsed.GetValue(_layout);
        if (TensorRecipe.Find(name) is { } model)
        {
            return Model(parsed, model, size, layout);
        }

        ResampleMode mode = ResampleModes.Find(name)
            ?? throw Usage($"there is no recipe '{name}'. Models: {string.Join(", ", TensorRecipe.All.Select(r => r.Name))}. "
                + $"Resamplings: {string.Join(", ", ResampleModes.Names)}.");
        (int width, int height) = size ?? throw Usage($"--recipe {name} is a resampling and needs --size WxH.");
        TensorFit fit = parsed.GetValue(_fit) switch
        {
            "centre-crop" => TensorFit.CentreCrop,
            "letterbox" => TensorFit.Letterbox,
            _ => TensorFit.Squash,
        };
        // An option without effect is a mistake: --shortest-edge alone would squash, which no centre-cropping model was trained with.
        Refuse(_edge, fit != TensorFit.CentreCrop, "--fit centre-crop");
        Refuse(_anchor, fit != TensorFit.Letterbox, "--fit letterbox");
        Refuse(_colour, fit == TensorFit.Squash, "--fit centre-crop or letterbox");
        foreach (Option option in new Option[] { _range, _mean, _std })
        {
            Refuse(option, parsed.GetValue(_type) == "uint8", "--dtype float32 or float16");
        }

        int? edge = parsed.GetValue(_edge);
        if (edge is < 1 or > LargestSide)
        {
            throw Usage($"--shortest-edge is 1 to {LargestSide}.");
        }

        var recipe = new TensorRecipe
        {
            Name = name,
            Width = width,
            Height = height,
            Resample = mode,
            Fit = fit,
            ShortestEdge = edge ?? 0,
            Anchor = (TensorAnchor)Math.Max(0, Array.IndexOf(Anchors, parsed.GetValue(_anchor))),
            PadColour = parsed.GetValue(_colour) is { } colour ? DecodeArguments.Colour("--pad-colour", colour) : default,
            Order = parsed.GetValue(_order) == "bgr" ? ChannelOrder.Bgr : ChannelOrder.Rgb,
            Layout = layout == "nhwc" ? TensorLayout.Nhwc : TensorLayout.Nchw,
            Precision = parsed.GetValue(_precision) == "fast" ? ResamplePrecision.Fast : ResamplePrecision.Exact,
        };
        return Normalised(parsed, recipe);

        void Refuse(Option option, bool isIdle, string partner)
        {
            if (isIdle && parsed.GetResult(option) is { Implicit: false })
            {
                throw Usage($"{option.Name} goes with {partner}.");
            }
        }
    }

    private TensorRecipe Model(ParseResult parsed, TensorRecipe model, (int Width, int Height)? size, string? layout)
    {
        foreach (Option option in Shaping)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                throw Usage($"{option.Name} goes with a resampling; the model {model.Name} states its own.");
            }
        }

        if (layout is not null && layout != (model.Layout == TensorLayout.Nchw ? "nchw" : "nhwc"))
        {
            throw Usage($"the model {model.Name} does not get {layout}.");
        }

        (int width, int height) = size ?? (model.Width, model.Height);
        if (width < 1 || height < 1)
        {
            throw Usage($"the model {model.Name} takes any size: give --size WxH.");
        }

        return (model.Width is not 0 && model.Width != width) || (model.Height is not 0 && model.Height != height)
            ? throw Usage($"the model {model.Name} gets {Side(model.Width)}x{Side(model.Height)}, not {width}x{height}.")
            : model with { Width = width, Height = height };

        static string Side(int side) => side == 0 ? "any" : side.ToString(CultureInfo.InvariantCulture);
    }

    private TensorRecipe Normalised(ParseResult parsed, TensorRecipe recipe)
    {
        (string? range, string? mean, string? std) = (parsed.GetValue(_range), parsed.GetValue(_mean), parsed.GetValue(_std));
        if (range is not null)
        {
            double[] bounds = Numbers("--range", range, 2);
            return mean is null && std is null && bounds[0] != bounds[1] && double.IsFinite(bounds[1] - bounds[0])
                ? Finite(recipe.WithRange(bounds[0], bounds[1]))
                : throw Usage("--range is two different numbers, and goes without --mean and --std.");
        }

        if (mean is null && std is null)
        {
            return recipe;
        }

        double[] m = Numbers("--mean", mean ?? throw Usage("--std goes with --mean."), 3);
        double[] s = Numbers("--std", std ?? throw Usage("--mean goes with --std."), 3);
        return s.Contains(0) ? throw Usage("--std must not be 0.")
            : Finite(recipe.WithUnitNormalisation(new(m[0], m[1], m[2]), new(s[0], s[1], s[2])));
    }

    // A tensor of infinities is no tensor.
    private static TensorRecipe Finite(TensorRecipe recipe)
    {
        (ChannelValues mean, ChannelValues std) = (recipe.Mean, recipe.Std);
        ReadOnlySpan<(double Mean, double Std)> channels = [(mean.First, std.First), (mean.Second, std.Second), (mean.Third, std.Third)];
        foreach ((double m, double s) in channels)
        {
            if (!float.IsFinite((float)m) || !float.IsFinite((float)(1 / s)) || !float.IsFinite((255 - (float)m) * (float)(1 / s))
                || !float.IsFinite((float)m * (float)(1 / s)))
            {
                throw Usage("the values of the tensor would be too large for single precision.");
            }
        }

        return recipe;
    }

    private PixelRectangle Part(ParseResult parsed, TensorRecipe recipe, PixelBuffer image)
    {
        string text = parsed.GetValue(_crop) ?? throw Usage($"the model {recipe.Name} gets a face: give its box with --crop x,y,w,h.");

        double[] box = Numbers("--crop", text, 4);
        if (recipe.CropScale > 0)
        {
            return box[2] > 0 && box[3] > 0
                ? PixelRectangle.SquareAround(box[0], box[1], box[2], box[3], recipe.CropScale, image.Width, image.Height)
                : throw Usage("--crop needs a width and a height above 0.");
        }

        bool inside = box.All(double.IsInteger) && box[0] >= 0 && box[1] >= 0 && box[2] >= 1 && box[3] >= 1
            && box[0] + box[2] <= image.Width && box[1] + box[3] <= image.Height;
        return inside
            ? new PixelRectangle((int)box[0], (int)box[1], (int)box[2], (int)box[3])
            : throw Usage($"--crop is whole pixels inside the picture of {image.Width}x{image.Height}.");
    }

    private static (int Width, int Height) Size(string text)
    {
        string[] sides = text.Split('x');
        return sides.Length == 2
            && int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width is >= 1 and <= LargestSide
            && int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out int height) && height is >= 1 and <= LargestSide
            && 3L * width * height <= MostElements
            ? (width, height)
            : throw Usage($"--size is WxH with sides of 1 to {LargestSide} and at most {MostElements / 3} pixels.");
    }

    private static double[] Numbers(string option, string text, int count)
    {
        string[] parts = text.Split(',');
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++)
        {
            if (parts.Length != count || !double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i])
                || !double.IsFinite(numbers[i]))
            {
                throw Usage($"{option} is {count} numbers separated by commas.");
            }
        }

        return numbers;
    }

    private static CommandException Usage(string message) => new(ExitCode.Usage, message);

    private static string Json(string file, string path, TensorRecipe recipe, string type, int[] shape) => JsonLine.Of(json =>
    {
        json.WriteString("file", file);
        json.WriteString("out", path);
        json.WriteString("recipe", recipe.Name);
        json.WriteString("dtype", type);
        json.WriteStartArray("shape");
        foreach (int side in shape)
        {
            json.WriteNumberValue(side);
        }

        json.WriteEndArray();
    });
}
