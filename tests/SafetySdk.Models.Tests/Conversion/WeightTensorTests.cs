using System.Text.Json;
using SafetySdk.Models.Conversion;

namespace SafetySdk.Models.Tests.Conversion;

public sealed class WeightTensorTests
{
    [Fact]
    public void Every_storage_is_read()
    {
        byte[] data =
        [
            .. BitConverter.GetBytes(1.25f), .. BitConverter.GetBytes(-7), .. BitConverter.GetBytes((Half)0.5f), 1, 74, 2,
            .. BitConverter.GetBytes((ushort)1000), 3,
        ];
        Dictionary<string, WeightTensor> tensors = Read(
            """
            [{"weights":[
              {"name":"f","shape":[1],"dtype":"float32"},
              {"name":"i","shape":[],"dtype":"int32"},
              {"name":"h","shape":[1],"dtype":"float32","quantization":{"dtype":"float16","original_dtype":"float32"}},
              {"name":"b","shape":[1],"dtype":"bool"},
              {"name":"q","shape":[2],"dtype":"float32","quantization":{"dtype":"uint8","scale":0.022262044981414198,"min":-1.4470329237919228}}]},
             {"weights":[
              {"name":"w","shape":[1],"dtype":"float32","quantization":{"dtype":"uint16","scale":0.5,"min":1}},
              {"name":"c","shape":[1],"dtype":"int32","quantization":{"dtype":"uint8","scale":1,"min":3072}}]}]
            """,
            data);

        Assert.Equal([1.25f], tensors["f"].ToSingles());
        Assert.Equal([-7], tensors["i"].ToIntegers());
        Assert.Equal([0.5f], tensors["h"].ToSingles());
        Assert.Equal([1f], tensors["b"].ToSingles());
        // First two values of batch_normalization_1/beta of nsfwjs's InceptionV3.
        Assert.Equal(0.200358f, tensors["q"].ToSingles()[0], 1e-6f);
        Assert.Equal(-1.40251f, tensors["q"].ToSingles()[1], 1e-5f);
        Assert.Equal([501f], tensors["w"].ToSingles());
        Assert.Equal([3075], tensors["c"].ToIntegers());
    }

    [Fact]
    public void Dequantisation_rounds_once()
    {
        // In single precision 255 * scale + min gives 0.30000001 - 0.2 = 0.100000009, in double 0.1.
        WeightTensor tensor = new("t", [1], WeightStorage.UInt8, isInteger: false, new byte[] { 255 }, 0.3 / 255, -0.2);
        float single = (255 * (float)(0.3 / 255)) + (float)-0.2;
        Assert.Equal((float)((255 * (0.3 / 255)) - 0.2), tensor.ToSingles()[0]);
        Assert.NotEqual(single, tensor.ToSingles()[0]);
    }

    [Theory]
    [InlineData(0.01, -1.28, true, 128)]
    [InlineData(0.01, -1.2855, false, 0)]
    [InlineData(0.01, 0.5, false, 0)]
    [InlineData(0.01, -2.56, false, 0)]
    [InlineData(0.01, 0, true, 0)]
    [InlineData(0, -1, false, 0)]
    public void Only_an_integer_zero_point_keeps_bytes(double scale, double minimum, bool fits, int zeroPoint)
    {
        WeightTensor tensor = new("t", [1], WeightStorage.UInt8, isInteger: false, new byte[1], scale, minimum);
        Assert.Equal(fits, tensor.TryGetZeroPoint(out byte found));
        Assert.Equal(zeroPoint, found);
    }

    [Theory]
    [InlineData("""[{"weights":[{"name":"f","shape":[3],"dtype":"float32"}]}]""")]
    [InlineData("""[{"weights":[{"name":"f","shape":[1],"dtype":"float32"}]}]""")]
    [InlineData("""[{"weights":[{"name":"f","shape":[-1],"dtype":"float32"}]}]""")]
    [InlineData("""[{"weights":[{"name":"f","shape":[2147483647,2147483647,2147483647],"dtype":"float32"}]}]""")]
    [InlineData("""[{"weights":[{"name":"f","shape":[2],"dtype":"complex64"}]}]""")]
    [InlineData("""[{"weights":[{"name":"f","shape":[1],"dtype":"float32"},{"name":"f","shape":[1],"dtype":"float32"}]}]""")]
    public void A_manifest_that_does_not_fit_its_bytes_is_refused(string manifest) =>
        Assert.Throws<InvalidDataException>(() => Read(manifest, new byte[8]));

    private static Dictionary<string, WeightTensor> Read(string manifest, byte[] data) =>
        WeightTensor.ReadAll(JsonDocument.Parse(manifest).RootElement, data);
}
