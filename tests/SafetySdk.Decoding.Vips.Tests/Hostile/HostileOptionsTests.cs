using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests.Hostile;

/// <summary>
/// The hostile corpus and mutants, AVIF among them, through the decoder with options that reach more code than the defaults, in a process of
/// their own: a typed error or pixels that do not depend on what memory held before.
/// </summary>
public sealed class HostileOptionsTests
{
    private const int Seed = 20261125, MutantsOfEach = 150;

    // Each set of options takes every fifth file of the corpus, another fifth each: the whole takes minutes.
    private const int Share = 5;

    private static readonly DecodeOptions Small = DecodeOptions.Default with { Limits = MutationFuzzTests.Limits, MaxFrames = 3 };

    internal static IReadOnlyDictionary<string, DecodeOptions> Sets { get; } = new Dictionary<string, DecodeOptions>
    {
        ["truncated"] = Small with { AllowTruncated = true },
        ["srgb"] = Small with { AllowTruncated = true, Colour = ColourTreatment.ToSrgb },
        ["drop and shrink"] = Small with
        {
            AllowTruncated = true,
            Alpha = AlphaTreatment.Drop,
            Orientation = OrientationTreatment.Ignore,
            ShrinkTowards = new(1, 1),
        },
        ["avif"] = Small with { AllowAvif = true, Colour = ColourTreatment.ToSrgb },
        ["truncated avif"] = Small with { AllowAvif = true, AllowTruncated = true },
    };

    public static TheoryData<string> Names => [.. Sets.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Hostile_files_end_in_pixels_or_an_image_exception(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "fills fresh memory by a Linux call");
        DecoderProcess.Report report =
            await DecoderProcess.DecodeWithOptionsAsync(options, Seed, MutantsOfEach, TestContext.Current.CancellationToken);
        Assert.True(report.Faults.Count == 0, $"{report.Faults.Count} files:\n" + string.Join('\n', report.Faults.Take(40)));
        Assert.InRange(report.Notes["files"], 1_000, int.MaxValue);
        Assert.InRange(report.Notes["decoded"], report.Notes["files"] / 20, report.Notes["files"] * 9 / 10);
    }

    /// <summary>The files of the corpus that a set of options is tried on.</summary>
    internal static IEnumerable<HostileFile> FilesFor(string options)
    {
        int first = Sets.Keys.ToList().IndexOf(options);
        return HostileCorpus.All.Where(f => !f.IsLarge).Where((_, i) => i % Share == first % Share);
    }

    /// <summary>So many mutants of each format.</summary>
    internal static IEnumerable<(string Name, byte[] File)> Mutants(bool avif, int seed, int count)
        => StructureMutator.Formats
            .SelectMany(format => Enumerable.Range(0, count).Select(n => ($"{format} {n}", StructureMutator.Mutant(format, seed, n))))
            .Concat(avif ? Enumerable.Range(0, 4 * count).Select(n => ($"Avif {n}", AvifMutant(seed, n))) : []);

    private static byte[] AvifMutant(int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var writer = new AvifWriter { Alpha = random.Next(2) == 0 };
        writer = random.Next(4) switch { 0 => writer.Rotated(random.Next(4)), 1 => writer.Mirrored(random.Next(2)), _ => writer };
        byte[] file = writer.Write();
        ReadOnlySpan<byte> boundaries = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF];
        for (int n = random.Next(1, 5); n > 0; n--)
        {
            // Past the brands, without which it is no AVIF; half of it into the coded picture.
            int at = random.Next(32, file.Length);
            file[at] = random.Next(2) == 0 ? boundaries[random.Next(boundaries.Length)] : (byte)(file[at] ^ (1 << random.Next(8)));
        }

        return random.Next(8) == 0 ? file[..random.Next(file.Length)] : file;
    }
}
