using System.Globalization;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>
/// Mutants of every format through the header reader, in this process, and through the decoder, in another. A failure names the mutant by
/// format, seed and number; its bytes are <see cref="StructureMutator.Mutant"/> of those.
/// </summary>
public sealed class MutationFuzzTests
{
    /// <summary>Environment variable: mutants of each format. Default 3,000 to decode; headers of five times as many are read.</summary>
    public const string CountVariable = "SAFETYSDK_TEST_FUZZ_COUNT";

    /// <summary>Environment variable: the seed. Default 20261125.</summary>
    public const string SeedVariable = "SAFETYSDK_TEST_FUZZ_SEED";

    private static readonly int Count = Number(CountVariable, 3_000), Seed = Number(SeedVariable, 20261125);

    /// <summary>Small, so that time goes into mutants and not into the pixels of a few.</summary>
    internal static ImageLimits Limits { get; } = new() { MaxPixels = 1 << 20, MaxPixelsWithoutStreaming = 1 << 20 };

    public static TheoryData<ImageFormat> Formats { get; } = [.. StructureMutator.Formats];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Headers_of_mutants_are_read_or_refused(ImageFormat format)
    {
        int read = 0, refused = 0;
        for (int number = 0; number < 5 * Count; number++)
        {
            byte[] file = StructureMutator.Mutant(format, Seed, number);
            string? fault = HostileRun.OutcomeOfHeader(file, ImageLimits.Default, out ImageError? error, out _);
            Assert.True(fault is null, $"{format}, seed {Seed}, mutant {number}: {fault}");
            (read, refused) = error is null ? (read + 1, refused) : (read, refused + 1);
        }

        Assert.True(read > Count && refused > Count / 2, $"{read} read, {refused} refused: the damage is too mild or too hard to test anything");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Mutants_end_in_pixels_or_an_image_exception(ImageFormat format)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "fills fresh memory by a Linux call");
        DecoderProcess.Report report = await DecoderProcess.DecodeMutantsAsync(format, Seed, Count, TestContext.Current.CancellationToken);
        Assert.True(report.Faults.Count == 0, $"{format}, seed {Seed}, {report.Faults.Count} mutants:\n" + string.Join('\n', report.Faults.Take(40)));
        Assert.InRange(report.Notes["decoded"], Count / 20, Count * 9 / 10);
    }

    [Fact]
    public void A_mutant_is_the_same_every_time_and_seeds_differ()
    {
        foreach (ImageFormat format in StructureMutator.Formats)
        {
            byte[][] mutants = [.. Enumerable.Range(0, 200).Select(n => StructureMutator.Mutant(format, 1, n))];
            Assert.Equal(mutants, Enumerable.Range(0, 200).Select(n => StructureMutator.Mutant(format, 1, n)));
            Assert.NotEqual(mutants, Enumerable.Range(0, 200).Select(n => StructureMutator.Mutant(format, 2, n)));
            Assert.InRange(mutants.Select(Convert.ToHexString).Distinct().Count(), 150, 200);
        }
    }

    private static int Number(string variable, int otherwise)
        => Environment.GetEnvironmentVariable(variable) is string text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
