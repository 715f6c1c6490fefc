using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Decoding.Vips;
using SafetySdk.Images;

namespace SafetySdk.Native.Exports;

/// <summary>Decoders and tensors of safetysdk.h.</summary>
internal static unsafe class DecoderExports
{
    // Beyond this no network of today takes a picture; it keeps the product of the sides within range.
    private const int MaxSide = 16_384;

    [UnmanagedCallersOnly(EntryPoint = "safety_decoder_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(NativeDecoderOptions* options, nint* decoder) => Guard.Run(() =>
    {
        Arguments.NotNull(decoder, nameof(decoder));
        *decoder = 0;
        Arguments.NotNull(options, nameof(options));
        NativeDecoderOptions given = Arguments.Read(options, sizeof(NativeDecoderOptions), nameof(options));
        if (given.MaxBytes < 0 || given.MaxPixels < 0)
        {
            throw new NativeCallException(Status.InvalidArgument, "max_bytes and max_pixels are not negative; 0 is the default.");
        }

        ImageLimits defaults = ImageLimits.Default;
        var limits = defaults with
        {
            MaxBytes = given.MaxBytes > 0 ? given.MaxBytes : defaults.MaxBytes,
            MaxPixels = given.MaxPixels > 0 ? given.MaxPixels : defaults.MaxPixels,
            MaxPixelsWithoutStreaming = given.MaxPixels > 0
                ? Math.Min(given.MaxPixels, defaults.MaxPixelsWithoutStreaming)
                : defaults.MaxPixelsWithoutStreaming,
        };
        SafetyHome home = SafetyHome.Find(Marshalling.Name(given.Home, "home"));
        *decoder = HandleTable.Add(new NativeDecoder(
            new VipsImageDecoder(home), new DecodeOptions { Limits = limits, AllowAvif = given.AllowAvif != 0 }));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_decoder_free", CallConvs = [typeof(CallConvCdecl)])]
    public static int Free(nint decoder) => Guard.Run(() => Arguments.Free<NativeDecoder>(decoder, nameof(decoder)));

    [UnmanagedCallersOnly(EntryPoint = "safety_tensor_decode", CallConvs = [typeof(CallConvCdecl)])]
    public static int Decode(
        nint decoder, NativeSpan file, NativeTensorOptions* options, float* buffer, nuint capacity, nuint* needed) => Guard.Run(() =>
    {
        NativeDecoder with = Arguments.Object<NativeDecoder>(decoder, nameof(decoder));
        Arguments.NotNull(options, nameof(options));
        NativeTensorOptions given = Arguments.Read(options, sizeof(NativeTensorOptions), nameof(options));
        TensorRecipe recipe = Recipe(given);
        using Use<NativeCancellation>? stop = NativeCancellation.EnterAny(given.Cancellation);
        CancellationToken cancellation = stop?.Value.Token ?? CancellationToken.None;
        ReadOnlySpan<byte> encoded = Marshalling.Span(file, nameof(file));
        if (Marshalling.Room(buffer, capacity, (nuint)recipe.ElementCount, needed, "floats"))
        {
            cancellation.ThrowIfCancellationRequested();
            ImageTensor.Decode(
                with.Decoder, encoded, with.Options, recipe, new Span<float>(buffer, recipe.ElementCount), cancellation);
        }

        return Status.Ok;
    });

    private static TensorRecipe Recipe(in NativeTensorOptions given)
    {
        string name = Marshalling.Name(given.Recipe, "recipe") ?? string.Empty;
        TensorRecipe recipe = TensorRecipe.Find(name) ?? throw new NativeCallException(
            Status.InvalidArgument, $"recipe: unknown; there are {string.Join(", ", TensorRecipe.All.Select(r => r.Name))}.");
        return recipe with
        {
            Width = Side(recipe.Width, given.Width, "width"),
            Height = Side(recipe.Height, given.Height, "height"),
        };
    }

    private static int Side(int fixedSide, int given, string name)
    {
        if (given is < 0 or > MaxSide || (fixedSide == 0 && given == 0) || (fixedSide > 0 && given > 0 && given != fixedSide))
        {
            throw new NativeCallException(
                Status.InvalidArgument,
                fixedSide > 0 ? $"{name}: this recipe's is {fixedSide}; leave it 0." : $"{name}: 1 to {MaxSide}, this recipe leaves it to the caller.");
        }

        return fixedSide > 0 ? fixedSide : given;
    }
}
