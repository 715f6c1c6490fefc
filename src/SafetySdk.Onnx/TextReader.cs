using System.Text;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>PP-OCR: detection and recognition v4, direction v2. Reads Chinese, ASCII and some Latin letters; it drops many spaces and accents.</summary>
internal sealed class TextReader : IDisposable
{
    /// <summary>Lines with a mean character confidence below this are noise on textures.</summary>
    public const double LineThreshold = 0.5;

    /// <summary>Regions of one picture that are read. A picture with more is reported as not checked: text may hide behind the limit.</summary>
    public const int MaximumRegions = 300;

    private const int FewestSymbols = 2;
    private const int LongestSide = 960;
    private const int Multiple = 32;
    private const int NarrowestLine = 320;

    // 100 times the height: a line of about 200 characters. Bounds memory on pictures a few pixels high.
    private const int WidestLine = 4800;
    private const double UprightRatio = 1.5;
    private const double UpsideDownThreshold = 0.9;
    private const string DictionaryFile = "ppocr_keys_v1.txt";
    private const int UpsideDown = 1;

    private readonly OnnxModel _detection;
    private readonly OnnxModel _recognition;
    private readonly OnnxModel _direction;
    private readonly Lazy<CtcDecoder> _decoder;

    public TextReader(SafetyHome home, OnnxOptions options)
    {
        _detection = OnnxModel.Open(home, TensorRecipe.TextDetection, ["sigmoid_0.tmp_0"], options);
        _recognition = OnnxModel.Open(home, TensorRecipe.TextRecognition, ["softmax_11.tmp_0"], options);
        _direction = OnnxModel.Open(home, TensorRecipe.TextDirection, ["softmax_0.tmp_0"], options);
        Detectors = [_detection.Detector, _recognition.Detector, _direction.Detector];
        _decoder = new(ReadDictionary, LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The three networks.</summary>
    public IReadOnlyList<DetectorVersion> Detectors { get; }

    /// <summary>Reads the lines of text in a picture, in reading order.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="cancellationToken">Looked at between lines.</param>
    /// <returns>The lines, and whether regions were left unread because there are more than <see cref="MaximumRegions"/>.</returns>
    public (IReadOnlyList<TextLine> Lines, bool Incomplete) Read(PixelBuffer image, CancellationToken cancellationToken)
    {
        List<TextQuadrilateral> regions = Detect(image);
        var lines = new List<TextLine>();
        foreach (TextQuadrilateral region in regions.Take(MaximumRegions))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ReadLine(image, region) is { } line)
            {
                lines.Add(line);
            }
        }

        return (lines, regions.Count > MaximumRegions);
    }

    /// <summary>Makes the sessions now.</summary>
    public void Warm()
    {
        _detection.Warm();
        _recognition.Warm();
        _direction.Warm();
        _ = _decoder.Value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _detection.Dispose();
        _recognition.Dispose();
        _direction.Dispose();
    }

    /// <summary>Size of the detection tensor: the longer side at most 960, both sides the nearest multiple of 32.</summary>
    internal static (int Width, int Height) DetectionSize(int width, int height)
    {
        double k = Math.Min(1, LongestSide / (double)Math.Max(width, height));
        return (Fit(width * k), Fit(height * k));

        static int Fit(double side) => Math.Max(Multiple, (int)Math.Round(side / Multiple) * Multiple);
    }

    internal List<TextQuadrilateral> Detect(PixelBuffer image)
    {
        (int width, int height) = DetectionSize(image.Width, image.Height);
        TensorRecipe recipe = _detection.Recipe with { Width = width, Height = height };
        using var input = new TensorBuffer(recipe.ElementCount);
        ImageTensor.Write(image, recipe, input.Span);
        using ModelOutputs outputs = _detection.Run(input, OnnxModel.Shape(recipe, 1));
        return TextRegions.Find(outputs.Values(0, width * height), width, height, image.Width, image.Height);
    }

    private TextLine? ReadLine(PixelBuffer image, TextQuadrilateral region)
    {
        Span<double> corners = stackalloc double[8];
        region.CopyTo(corners);
        (int width, int height) = ImageTensor.QuadrilateralSize(corners);
        int turns = 0;
        if (height / (double)width >= UprightRatio)
        {
            turns = 1;
            (width, height) = (height, width);
        }

        using (var input = new TensorBuffer(_direction.Recipe.ElementCount))
        {
            ImageTensor.WriteQuadrilateral(image, corners, turns, _direction.Recipe, input.Span);
            using ModelOutputs outputs = _direction.Run(input, OnnxModel.Shape(_direction.Recipe, 1));
            if (outputs.Values(0, 2)[UpsideDown] > UpsideDownThreshold)
            {
                turns += 2;
            }
        }

        int lineHeight = _recognition.Recipe.Height;
        int needed = (int)Math.Min(WidestLine, Math.Ceiling(lineHeight * (double)width / height));
        TensorRecipe recipe = _recognition.Recipe with { Width = Math.Max(NarrowestLine, needed) };
        using var line = new TensorBuffer(recipe.ElementCount);
        ImageTensor.WriteQuadrilateral(image, corners, turns, recipe, line.Span);
        using ModelOutputs read = _recognition.Run(line, OnnxModel.Shape(recipe, 1));
        CtcDecoder decoder = _decoder.Value;
        if (read.Shape(0)[^1] != decoder.Classes)
        {
            throw new InferenceException(
                $"The model {_recognition.Manifest.Name} gave {read.Shape(0)[^1]} classes where its dictionary has {decoder.Classes}.");
        }

        (string text, double confidence, int symbols) = decoder.Decode(read.Values(0));
        return confidence >= LineThreshold && symbols >= FewestSymbols
            ? new TextLine(text, Math.Min(1, confidence), AsRead(region, turns))
            : null;
    }

    // A turn counter-clockwise brings the right edge to the top, so reading starts at the old top right corner.
    private static ImagePoint[] AsRead(TextQuadrilateral region, int turns)
    {
        ImagePoint[] corners = [region.TopLeft, region.TopRight, region.BottomRight, region.BottomLeft];
        return [.. Enumerable.Range(0, 4).Select(i => corners[(i + turns) & 3])];
    }

    private CtcDecoder ReadDictionary()
    {
        // The recognition model's verification covers the dictionary.
        _recognition.Warm();
        string path = Path.Combine(_recognition.Folder, DictionaryFile);
        if (!_recognition.Manifest.ExtraFiles.Any(static file => file.Name == DictionaryFile))
        {
            throw new ModelException(
                ModelError.Mismatch,
                _recognition.Manifest.Name,
                $"The model {_recognition.Manifest.Name} in {_recognition.Folder} does not name its dictionary {DictionaryFile}. Run: {ModelManifest.RestoreCommand}");
        }

        return CtcDecoder.FromDictionary(File.ReadAllText(path, Encoding.UTF8));
    }
}
