namespace SafetySdk.Images;

/// <summary>How a picture of any proportions is brought to the size of a tensor.</summary>
public enum TensorFit
{
    /// <summary>The whole picture, proportions not kept.</summary>
    Squash,

    /// <summary>Black is added at the right or below up to a square, before resampling.</summary>
    PadTopLeft,

    /// <summary>
    /// The full height; the width follows from the proportions, rounded up and at most the tensor's. What remains at the right is zero
    /// after normalisation. For lines of text.
    /// </summary>
    PadRight,

    /// <summary>
    /// The shorter side becomes <see cref="TensorRecipe.ShortestEdge"/>, the longer follows, rounded down; then the middle is cut out, the
    /// margin at the left and top rounded half to even as torchvision does. Where the tensor is larger,
    /// <see cref="TensorRecipe.PadColour"/> surrounds.
    /// </summary>
    CentreCrop,

    /// <summary>
    /// The whole picture with its proportions, as large as fits, sides rounded half to even; <see cref="TensorRecipe.PadColour"/> fills the
    /// rest, which lies where <see cref="TensorRecipe.Anchor"/> leaves it.
    /// </summary>
    Letterbox,
}

/// <summary>Where a letterboxed picture lies in its tensor.</summary>
public enum TensorAnchor
{
    /// <summary>In the middle; an odd pixel of padding goes to the right and the bottom.</summary>
    Centre,

    /// <summary>In the top left corner.</summary>
    TopLeft,

    /// <summary>In the top right corner.</summary>
    TopRight,

    /// <summary>In the bottom left corner.</summary>
    BottomLeft,

    /// <summary>In the bottom right corner.</summary>
    BottomRight,
}

/// <summary>How closely a resampling follows its reference implementation.</summary>
public enum ResamplePrecision
{
    /// <summary>The bytes of the reference implementation that <see cref="ResampleMode"/> names.</summary>
    Exact,

    /// <summary>
    /// For the Pillow and torchvision modes: box and bilinear that at least halve both sides take columns before rows with 16-bit weights,
    /// bicubic and Lanczos3 take 16-bit weights. Against Pillow at most 1 (box, bilinear) or 2 levels (bicubic, Lanczos3) away, on 53
    /// photographs and on noise. Every other mode stays exact.
    /// </summary>
    Fast,
}

/// <summary>A colour of 8 bits a channel.</summary>
/// <param name="Red">Red.</param>
/// <param name="Green">Green.</param>
/// <param name="Blue">Blue.</param>
public readonly record struct PadColour(byte Red, byte Green, byte Blue);

/// <summary>Order of the colour channels of a tensor.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red.</summary>
    Bgr,
}

/// <summary>Order of the axes of a tensor.</summary>
public enum TensorLayout
{
    /// <summary>Height, width, channel: samples interleaved.</summary>
    Nhwc,

    /// <summary>Channel, height, width: one plane a channel.</summary>
    Nchw,
}

/// <summary>One number for each channel of a tensor, in the order of its channels.</summary>
/// <param name="First">Of the first channel.</param>
/// <param name="Second">Of the second channel.</param>
/// <param name="Third">Of the third channel.</param>
public readonly record struct ChannelValues(double First, double Second, double Third)
{
    /// <summary>The same number for every channel.</summary>
    /// <param name="value">The number.</param>
    public ChannelValues(double value)
        : this(value, value, value)
    {
    }
}

/// <summary>
/// How a picture becomes the input of a network: fit and resample to <see cref="Width"/> × <see cref="Height"/>, put the channels in
/// <see cref="Order"/>, then (v − <see cref="Mean"/>) / <see cref="Std"/> for every value v in 0..255, in single precision. Immutable.
/// </summary>
/// <remarks>
/// The recipes named here are those of the default models and carry the models' names. A network answers as measured only when fed by its
/// recipe, so a session refuses a model whose manifest asks for another one.
/// </remarks>
public sealed record TensorRecipe
{
    /// <summary>Name, for the command line and messages.</summary>
    public required string Name { get; init; }

    /// <summary>Width of the tensor in pixels; 0 where the network takes any and the caller chooses.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the tensor in pixels; 0 where the network takes any and the caller chooses.</summary>
    public required int Height { get; init; }

    /// <summary>How to resample.</summary>
    public required ResampleMode Resample { get; init; }

    /// <summary>How to fit.</summary>
    public TensorFit Fit { get; init; } = TensorFit.Squash;

    /// <summary>Order of the channels.</summary>
    public ChannelOrder Order { get; init; } = ChannelOrder.Rgb;

    /// <summary>Order of the axes.</summary>
    public TensorLayout Layout { get; init; } = TensorLayout.Nhwc;

    /// <summary>Subtracted from values in 0..255, per channel of the tensor.</summary>
    public ChannelValues Mean { get; init; } = new(0);

    /// <summary>Divides after the mean, per channel of the tensor; not zero.</summary>
    public ChannelValues Std { get; init; } = new(1);

    /// <summary>
    /// Side of the square crop around a face as a multiple of the longer side of its box; 0 where the whole picture is taken.
    /// </summary>
    public double CropScale { get; init; }

    /// <summary>How closely to follow the reference; <see cref="ResamplePrecision.Exact"/> unless said otherwise.</summary>
    public ResamplePrecision Precision { get; init; }

    /// <summary>
    /// For <see cref="TensorFit.CentreCrop"/>: the shorter side in pixels before cropping; 0 for the shorter side of the tensor.
    /// </summary>
    public int ShortestEdge { get; init; }

    /// <summary>For <see cref="TensorFit.Letterbox"/>: where the picture lies.</summary>
    public TensorAnchor Anchor { get; init; }

    /// <summary>
    /// Colour of what the picture does not cover, before normalisation; black unless said otherwise. Not for the two Pad fits.
    /// </summary>
    public PadColour PadColour { get; init; }

    /// <summary>Number of elements of the tensor: 3 × width × height.</summary>
    public int ElementCount => checked(Width * Height * 3);

    /// <summary>NSFW classifier InceptionV3.</summary>
    public static TensorRecipe NsfwInceptionV3 { get; } = Nsfw("nsfw-inception-v3", 299);

    /// <summary>NSFW classifier MobileNetV2.</summary>
    public static TensorRecipe NsfwMobileNetV2 { get; } = Nsfw("nsfw-mobilenet-v2", 224);

    /// <summary>SSD face detector.</summary>
    public static TensorRecipe FaceSsd { get; } = new()
    {
        Name = "face-ssd-mobilenet-v1",
        Width = 512,
        Height = 512,
        Resample = ResampleMode.BilinearAsymmetric,
        Fit = TensorFit.PadTopLeft,
    };

    /// <summary>Age classes of a face, the main age network.</summary>
    public static TensorRecipe AgeFaceres { get; } = new()
    {
        Name = "age-faceres",
        Width = 224,
        Height = 224,
        Resample = ResampleMode.BilinearAsymmetric,
        Order = ChannelOrder.Bgr,
        Mean = new(103.939, 116.779, 123.68),
        CropScale = 1.4,
    };

    /// <summary>Age of a face in years, the second opinion.</summary>
    public static TensorRecipe AgeFaceApi { get; } = new()
    {
        Name = "age-faceapi",
        Width = 112,
        Height = 112,
        Resample = ResampleMode.BilinearAsymmetric,
        CropScale = 1,
    };

    /// <summary>NanoDet object detector.</summary>
    public static TensorRecipe ObjectsNanoDet { get; } = new()
    {
        Name = "objects-nanodet",
        Width = 416,
        Height = 416,
        Resample = ResampleMode.BilinearAsymmetric,
        Order = ChannelOrder.Bgr,
        Layout = TensorLayout.Nchw,
        Mean = new(103.53, 116.28, 123.675),
        Std = new(57.375, 57.12, 58.395),
    };

    /// <summary>
    /// Text detection; both sides are multiples of 32, at most 960. Mean and deviation are those of RGB but apply to BGR by position, as
    /// the network was trained.
    /// </summary>
    public static TensorRecipe TextDetection { get; } = new()
    {
        Name = "ocr-detection",
        Width = 0,
        Height = 0,
        Resample = ResampleMode.BilinearHalfPixel,
        Order = ChannelOrder.Bgr,
        Layout = TensorLayout.Nchw,
        Mean = new(0.485 * 255, 0.456 * 255, 0.406 * 255),
        Std = new(0.229 * 255, 0.224 * 255, 0.225 * 255),
    };

    /// <summary>Text recognition, one line; at least 320 wide.</summary>
    public static TensorRecipe TextRecognition { get; } = Line("ocr-recognition", 0);

    /// <summary>Direction of a line of text.</summary>
    public static TensorRecipe TextDirection { get; } = Line("ocr-direction", 192);

    /// <summary>Every recipe named here.</summary>
    public static IReadOnlyList<TensorRecipe> All { get; } =
    [
        NsfwInceptionV3, NsfwMobileNetV2, FaceSsd, AgeFaceres, AgeFaceApi, ObjectsNanoDet, TextDetection, TextRecognition, TextDirection,
    ];

    /// <summary>
    /// This recipe with values between two bounds: <paramref name="low"/> for level 0, <paramref name="high"/> for level 255.
    /// </summary>
    /// <param name="low">Lower bound.</param>
    /// <param name="high">Upper bound, other than the lower.</param>
    /// <exception cref="ArgumentException">The bounds are equal or not finite.</exception>
    public TensorRecipe WithRange(double low, double high)
    {
        double span = high - low;
        return double.IsFinite(span) && span != 0
            ? this with { Mean = new(-low * 255 / span), Std = new(255 / span) }
            : throw new ArgumentException($"A range needs two finite bounds that differ, got {low} and {high}.", nameof(high));
    }

    /// <summary>This recipe with mean and deviation as the frameworks state them, for values in 0..1.</summary>
    /// <param name="mean">Mean of each channel of the tensor.</param>
    /// <param name="std">Deviation of each channel of the tensor; not zero.</param>
    public TensorRecipe WithUnitNormalisation(ChannelValues mean, ChannelValues std) => this with
    {
        Mean = new(mean.First * 255, mean.Second * 255, mean.Third * 255),
        Std = new(std.First * 255, std.Second * 255, std.Third * 255),
    };

    /// <summary>The recipe of a name; null where there is none. Case matters.</summary>
    /// <param name="name">The name.</param>
    public static TensorRecipe? Find(string name)
    {
        foreach (TensorRecipe recipe in All)
        {
            if (recipe.Name == name)
            {
                return recipe;
            }
        }

        return null;
    }

    private static TensorRecipe Nsfw(string name, int side) => new()
    {
        Name = name,
        Width = side,
        Height = side,
        Resample = ResampleMode.BilinearAlignCorners,
        Std = new(255),
    };

    private static TensorRecipe Line(string name, int width) => new()
    {
        Name = name,
        Width = width,
        Height = 48,
        Resample = ResampleMode.BilinearHalfPixel,
        Fit = TensorFit.PadRight,
        Order = ChannelOrder.Bgr,
        Layout = TensorLayout.Nchw,
        Mean = new(127.5),
        Std = new(127.5),
    };
}
