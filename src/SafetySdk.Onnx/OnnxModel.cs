using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SafetySdk.Classification;
using SafetySdk.Images;

namespace SafetySdk.Onnx;

/// <summary>
/// A restored model and its session. The manifest is read and compared with the recipe at once; files are verified and the session is made
/// at the first run. Thread-safe but for <see cref="Dispose"/>.
/// </summary>
internal sealed class OnnxModel : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SafetyHome _home;
    private readonly int _threads;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private InferenceSession? _session;
    private RunOptions? _runOptions;
    private bool _disposed;

    private OnnxModel(SafetyHome home, string folder, ModelManifest manifest, TensorRecipe recipe, int threads)
    {
        _home = home;
        _threads = threads;
        Folder = folder;
        Manifest = manifest;
        Recipe = recipe;
        _inputNames = [manifest.Inputs[0].Name];
        _outputNames = [.. manifest.Outputs.Select(static output => output.Name)];
        Detector = new DetectorVersion(manifest.Name, manifest.Version);
    }

    /// <summary>Folder of the model.</summary>
    public string Folder { get; }

    /// <summary>What the folder says of it.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>How it is fed.</summary>
    public TensorRecipe Recipe { get; }

    /// <summary>Name and version for verdicts.</summary>
    public DetectorVersion Detector { get; }

    /// <summary>Opens the model that carries the recipe's name.</summary>
    /// <param name="home">Where models and the native library are.</param>
    /// <param name="recipe">How the code feeds the model.</param>
    /// <param name="outputs">Outputs the code reads, in its order.</param>
    /// <param name="options">Options.</param>
    /// <exception cref="ModelException">The manifest is missing, damaged, or describes another model.</exception>
    public static OnnxModel Open(SafetyHome home, TensorRecipe recipe, ReadOnlySpan<string> outputs, OnnxOptions options)
    {
        ArgumentNullException.ThrowIfNull(home);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IntraOpThreads, 1);
        string folder = Path.Combine(home.ModelsDirectory, recipe.Name);
        ModelManifest manifest = ModelManifest.Read(folder);
        if (manifest.Name != recipe.Name)
        {
            throw Mismatch(recipe.Name, folder, $"its manifest is that of the model {manifest.Name}");
        }

        if (manifest.Inputs.Count != 1 || Difference(recipe, manifest.Inputs[0]) is { } difference && difference.Length > 0)
        {
            throw Mismatch(
                recipe.Name,
                folder,
                manifest.Inputs.Count == 1
                    ? $"its manifest asks for another {Difference(recipe, manifest.Inputs[0])} than this version of the library feeds"
                    : $"its manifest names {manifest.Inputs.Count} inputs where one is fed");
        }

        if (!manifest.Outputs.Select(static output => output.Name).SequenceEqual(outputs.ToArray(), StringComparer.Ordinal))
        {
            throw Mismatch(recipe.Name, folder, $"its manifest names other outputs than {string.Join(", ", outputs.ToArray())}");
        }

        return new OnnxModel(home, folder, manifest, recipe, options.IntraOpThreads);
    }

    /// <summary>Verifies the files and makes the session now instead of at the first run.</summary>
    /// <exception cref="ModelException">The model or the native library cannot be used.</exception>
    public void Warm() => Session();

    /// <summary>Runs the network. Several threads may run it at once.</summary>
    /// <param name="input">The input tensor; pinned for the duration of the call.</param>
    /// <param name="shape">Its shape, batch first.</param>
    /// <returns>The outputs in the order given to <see cref="Open"/>; the caller disposes them.</returns>
    /// <exception cref="ModelException">The model or the native library cannot be used.</exception>
    /// <exception cref="InferenceException">An output holds a value that is not finite.</exception>
    /// <exception cref="OnnxRuntimeException">The runtime failed.</exception>
    public ModelOutputs Run(TensorBuffer input, long[] shape)
    {
        InferenceSession session = Session();
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, input.Memory, shape);
        var outputs = new ModelOutputs(session.Run(_runOptions!, _inputNames, [value], _outputNames));
        try
        {
            for (int i = 0; i < _outputNames.Length; i++)
            {
                if (!AllFinite(outputs.Values(i)))
                {
                    throw new InferenceException($"The model {Manifest.Name} gave a value that is not finite in its output {_outputNames[i]}.");
                }
            }

            return outputs;
        }
        catch
        {
            outputs.Dispose();
            throw;
        }
    }

    /// <summary>Runs the network on a whole picture, one picture in the batch.</summary>
    public ModelOutputs Run(PixelBuffer image) => Run(image, new PixelRectangle(0, 0, image.Width, image.Height));

    /// <summary>Runs the network on a rectangle of a picture.</summary>
    public ModelOutputs Run(PixelBuffer image, PixelRectangle source)
    {
        using var input = new TensorBuffer(Recipe.ElementCount);
        ImageTensor.Write(image, source, Recipe, input.Span);
        return Run(input, Shape(Recipe, 1));
    }

    /// <summary>Shape of a batch of a recipe's tensors.</summary>
    public static long[] Shape(TensorRecipe recipe, int batch) => recipe.Layout == TensorLayout.Nhwc
        ? [batch, recipe.Height, recipe.Width, 3]
        : [batch, 3, recipe.Height, recipe.Width];

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _session?.Dispose();
            _session = null;
            _runOptions?.Dispose();
            _runOptions = null;
        }
    }

    internal static bool AllFinite(ReadOnlySpan<float> values)
    {
        // x * 0 is 0 for finite x and NaN otherwise, and NaN survives the sum.
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<float> sum = Vector<float>.Zero;
        foreach (Vector<float> v in vectors)
        {
            sum += v * Vector<float>.Zero;
        }

        float rest = Vector.Sum(sum);
        foreach (float v in values[(vectors.Length * Vector<float>.Count)..])
        {
            rest += v * 0f;
        }

        return rest == 0;
    }

    private static ModelException Mismatch(string name, string folder, string what, Exception? inner = null) => new(
        ModelError.Mismatch, name, $"The model {name} in {folder} does not fit: {what}. Run: {ModelManifest.RestoreCommand}", inner);

    private static string Difference(TensorRecipe recipe, ModelInput input)
    {
        string resample = recipe.Resample switch
        {
            ResampleMode.BilinearAlignCorners => "bilinear-align-corners",
            ResampleMode.BilinearAsymmetric => "bilinear-asymmetric",
            ResampleMode.BilinearHalfPixel => "bilinear-half-pixel",
            _ => recipe.Resample.Name(),
        };
        string[] fits = recipe switch
        {
            { Fit: TensorFit.PadTopLeft } => ["pad-top-left"],
            { Fit: TensorFit.PadRight } => ["line-pad-right"],
            { CropScale: > 0 } => ["square-crop"],
            { Width: 0 } => ["limit-960-multiple-32"],
            _ => ["squash"],
        };
        return input.Layout != (recipe.Layout == TensorLayout.Nhwc ? "nhwc" : "nchw") ? "layout"
            : input.Width != recipe.Width || input.Height != recipe.Height ? "size"
            : input.Colour != (recipe.Order == ChannelOrder.Rgb ? "rgb" : "bgr") ? "colour order"
            : !Same(recipe.Mean, input.Mean) ? "mean"
            : !Same(recipe.Std, input.Std) ? "deviation"
            : input.Resample != resample ? "resampling"
            : !fits.Contains(input.Fit, StringComparer.Ordinal) ? "fit"
            : input.CropScale != recipe.CropScale ? "crop scale"
            : string.Empty;
    }

    private static bool Same(ChannelValues values, IReadOnlyList<double> stated) => stated.Count == 3
        && Math.Abs(values.First - stated[0]) < 1e-9
        && Math.Abs(values.Second - stated[1]) < 1e-9
        && Math.Abs(values.Third - stated[2]) < 1e-9;

    private InferenceSession Session()
    {
        if (Volatile.Read(ref _session) is { } ready)
        {
            return ready;
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_session is null)
            {
                Manifest.Verify(Folder);
                InferenceSession session = Create();
                try
                {
                    CheckGraph(session);
                }
                catch
                {
                    session.Dispose();
                    throw;
                }

                Volatile.Write(ref _session, session);
            }

            return _session;
        }
    }

    private InferenceSession Create()
    {
        OnnxRuntimeLibrary.Use(_home);
        string path = Path.Combine(Folder, Manifest.File);
        try
        {
            _runOptions ??= new RunOptions();
            using var options = new SessionOptions
            {
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                IntraOpNumThreads = _threads,
                InterOpNumThreads = 1,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };

            // Folds the dequantisation of uint8 weights at load: the network then runs at the speed of float weights.
            options.AddSessionConfigEntry("session.disable_quant_qdq", "1");

            // Each session has its own threads. Left spinning after a run, those of one network take the processor from the next one:
            // measured 318 ms a picture with two threads against 240 with one.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            return new InferenceSession(path, options);
        }
        catch (Exception e) when (IsMissingLibrary(e))
        {
            throw new ModelException(
                ModelError.RuntimeMissing,
                Manifest.Name,
                $"The model {Manifest.Name} cannot be run: the native library of ONNX Runtime is missing or refuses to load. "
                + $"Looked in: {OnnxRuntimeLibrary.SearchedPlaces()}. Run: bash native/restore.sh",
                e);
        }
        catch (OnnxRuntimeException e)
        {
            throw Mismatch(Manifest.Name, Folder, $"ONNX Runtime refuses {Manifest.File}: {e.Message}", e);
        }
    }

    private static bool IsMissingLibrary(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
            {
                return true;
            }
        }

        return false;
    }

    private void CheckGraph(InferenceSession session)
    {
        if (session.InputMetadata.Count != 1 || !session.InputMetadata.TryGetValue(_inputNames[0], out NodeMetadata? input))
        {
            throw Mismatch(Manifest.Name, Folder, $"{Manifest.File} has other inputs than {_inputNames[0]}");
        }

        if (!input.IsTensor || input.ElementDataType != TensorElementType.Float || !Fits(input.Dimensions))
        {
            throw Mismatch(
                Manifest.Name, Folder, $"the input {_inputNames[0]} of {Manifest.File} has the shape [{string.Join(',', input.Dimensions)}]");
        }

        foreach (string name in _outputNames)
        {
            if (!session.OutputMetadata.TryGetValue(name, out NodeMetadata? output) || output.ElementDataType != TensorElementType.Float)
            {
                throw Mismatch(Manifest.Name, Folder, $"{Manifest.File} has no output {name} of floats");
            }
        }
    }

    // Negative dimensions are free.
    private bool Fits(int[] dimensions)
    {
        long[] shape = Shape(Recipe, 1);
        if (dimensions.Length != shape.Length)
        {
            return false;
        }

        for (int i = 1; i < shape.Length; i++)
        {
            if (dimensions[i] > 0 && shape[i] > 0 && dimensions[i] != shape[i])
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>What a run gave; owns native memory.</summary>
internal sealed class ModelOutputs(IDisposableReadOnlyCollection<OrtValue> values) : IDisposable
{
    /// <summary>An output's values, row-major. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<float> Values(int index) => values[index].GetTensorDataAsSpan<float>();

    /// <summary>An output's values, which must be <paramref name="count"/>.</summary>
    /// <exception cref="InferenceException">There are more or fewer.</exception>
    public ReadOnlySpan<float> Values(int index, int count)
    {
        ReadOnlySpan<float> found = Values(index);
        return found.Length == count
            ? found
            : throw new InferenceException($"A network gave {found.Length} values where {count} were due.");
    }

    /// <summary>An output's shape.</summary>
    public long[] Shape(int index) => values[index].GetTensorTypeAndShape().Shape;

    /// <inheritdoc/>
    public void Dispose() => values.Dispose();
}
