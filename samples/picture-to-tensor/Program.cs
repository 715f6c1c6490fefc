using SafetySdk;
using SafetySdk.Decoding.Vips;
using SafetySdk.Images;

// What CLIP was trained behind, to the bit; rows go from the decoder to the tensor, and the picture is never held whole.
TensorRecipe clip = new TensorRecipe
{
    Name = "clip",
    Width = 224,
    Height = 224,
    Resample = ResampleMode.PillowBicubic,
    Fit = TensorFit.CentreCrop,
    Layout = TensorLayout.Nchw,
}.WithUnitNormalisation(new(0.48145466, 0.4578275, 0.40821073), new(0.26862954, 0.26130258, 0.27577711));

float[] tensor = new float[clip.ElementCount];
var decoder = new VipsImageDecoder(SafetyHome.Find());
ImageInfo info = ImageTensor.Decode(decoder, File.ReadAllBytes(args[0]), DecodeOptions.Default, clip, tensor);
Console.WriteLine($"{info.Format} {info.Width}x{info.Height}: {tensor.Length} values, {tensor.Min():0.00} to {tensor.Max():0.00}");
