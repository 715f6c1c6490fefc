using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Decoding.Vips.Tests.Encoding;
using SafetySdk.Decoding.Vips.Tests.Images;
using SafetySdk.Images;

namespace SafetySdk.Decoding.Vips.Tests;

/// <summary>Tests that read the process-wide counters of libvips run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class NativeCounters
{
    public const string Name = "native counters";
}

[Collection(NativeCounters.Name)]
public sealed class VipsImageDecoderTests : ImageDecoderContract, IDisposable
{
    // Pictures of every kind with a profile, sound and broken.
    private static readonly byte[][] Profiled =
    [
        new PngWriter(20, 20, 6, 16).With("iCCP", IccProfiles.PngChunk(IccProfiles.Swapped)).Write(Samples.Wave),
        new PngWriter(20, 20, 2, 8).With("iCCP", IccProfiles.PngChunk(IccProfiles.Swapped[..^40])).Write(Samples.Wave),
        new JpegWriter(20, 20, 4).With(0xE2, IccProfiles.JpegSegment(IccProfiles.BlackOnly)).Write(Samples.Wave),
        new AvifWriter { Alpha = true }.With(AvifWriter.Box("colr", [.. "prof"u8, .. IccProfiles.Swapped])).Write(),
        new AvifWriter().Rotated(1).Write(),
    ];

    private readonly VipsImageDecoder _decoder = new(TestEnvironment.Runtime());
    private readonly string _folder = Directory.CreateTempSubdirectory("vips-").FullName;

    protected override IImageDecoder Decoder => _decoder;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pdq/raw/aaa-orig", "pdq/images/aaa-orig.jpg")]
    [InlineData("pdq/raw/bridge-2-rotate-90", "pdq/images/bridge-2-rotate-90.jpg")]
    [InlineData("pdq/raw/shrink-a-lot", "pdq/images/shrink-a-lot.jpg")]
    [InlineData("pdq/raw/small", "pdq/images/small.jpg")]
    [InlineData("pdq/raw/square-128x128", "pdq/images/square-128x128.jpg")]
    [InlineData("pdq/raw/square-512x512", "pdq/images/square-512x512.jpg")]
    [InlineData("pdq/raw/wee", "pdq/images/wee.jpg")]
    [InlineData("models/raw/faces", "photos/faces.jpg")]
    [InlineData("models/raw/Family1-Dad1", "photos/Family1-Dad1.jpg")]
    [InlineData("models/raw/Family1-Son1", "photos/Family1-Son1.jpg")]
    public void Photographs_equal_libjpeg_turbo_exactly(string raw, string photograph)
    {
        byte[] expected = ReadPpm(TestEnvironment.Shared(["testdata", .. (raw + ".ppm.gz").Split('/')]), out int width, out int height);
        byte[] file = File.ReadAllBytes(TestEnvironment.Shared(["testdata", .. photograph.Split('/')]));
        using DecodedImage image = Decoder.Decode(file, DecodeOptions.Default);
        Assert.Equal((width, height), (image.Info.Width, image.Info.Height));
        Assert.Equal(1, image.Info.Orientation);
        int different = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            different += expected[i] == image.Pixels.Pixels[i] ? 0 : 1;
        }

        Assert.Equal(0, different);
    }

    [Fact]
    public void Orientation_of_photographs_is_the_one_that_libvips_reads()
    {
        foreach (string path in Directory.EnumerateFiles(TestEnvironment.Shared("testdata", "photos"), "*.jpg"))
        {
            AssertSameOrientation(File.ReadAllBytes(path));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(65535)]
    public void Orientation_is_the_one_that_libvips_reads(int stored)
    {
        AssertSameOrientation(new JpegWriter(9, 5, 1).WithOrientation(stored).Write(Samples.Wave));
        AssertSameOrientation(new JpegWriter(9, 5, 1).WithOrientation(stored, littleEndian: true).Write(Samples.Wave));
        AssertSameOrientation(new PngWriter(9, 5, 0, 8).With("eXIf", JpegWriter.Exif(stored)).Write(Samples.Wave));
    }

    [Fact]
    public async Task A_decode_waits_for_its_turn()
    {
        byte[] file = Samples.Get("jpeg colour");
        int before = VipsImageDecoder.MaxConcurrentDecodes;
        Assert.InRange(before, 1, int.MaxValue);
        Assert.Throws<ArgumentOutOfRangeException>(() => VipsImageDecoder.MaxConcurrentDecodes = 0);
        VipsImageDecoder.MaxConcurrentDecodes = 1;
        try
        {
            var receiver = new BlockingReceiver();
            Task first = Task.Run(() => Decoder.DecodeRows(file, DecodeOptions.Default, receiver), TestContext.Current.CancellationToken);
            receiver.Entered.Wait(TestContext.Current.CancellationToken);
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.ThrowsAny<OperationCanceledException>(() => Decoder.Decode(file, DecodeOptions.Default, soon.Token));
            receiver.Leave.Set();
            await first;
            Decoder.Decode(file, DecodeOptions.Default).Dispose();
            Assert.Throws<ReceiverException>(() => Decoder.DecodeRows(file, DecodeOptions.Default, new FailingReceiver()));
            Decoder.Decode(file, DecodeOptions.Default).Dispose();
        }
        finally
        {
            VipsImageDecoder.MaxConcurrentDecodes = before;
        }
    }

    [Fact]
    public void Libheif_has_a_version_floor_of_its_own()
    {
        VipsVersionFloor.CheckCodecs("""{ "heif": "1.23.5" }"""u8.ToArray(), acceptUnknown: false, avif: true);
        VipsVersionFloor.CheckCodecs(null, acceptUnknown: true, avif: true);
        foreach (string json in (string[])["{}", """{ "heif": "1.23.4" }""", """{ "png": "1.6.58", "webp": "1.6.0" }"""])
        {
            Assert.Equal(
                ImageError.DecoderTooOld,
                Assert.Throws<ImageException>(
                    () => VipsVersionFloor.CheckCodecs(System.Text.Encoding.UTF8.GetBytes(json), acceptUnknown: false, avif: true)).Error);
        }
    }

    [Fact]
    public void Nothing_is_left_in_native_memory()
    {
        void Run()
        {
            var random = new Random(3);
            for (int i = 0; i < 300; i++)
            {
                byte[] file = Samples.All[i % Samples.All.Length].File;
                Decoder.Decode(file, DecodeOptions.Default).Dispose();
                Assert.Throws<ImageException>(() => Decoder.Decode(file.AsSpan(0, file.Length / 2), DecodeOptions.Default));
                Assert.Throws<ImageException>(() => Decoder.Decode(file, With(ImageLimits.Default with { MaxDecodeTime = TimeSpan.Zero })));
                Decoder.DecodeFrames(file, DecodeOptions.Default).Dispose();
                Assert.Throws<ReceiverException>(() => Decoder.DecodeRows(file, DecodeOptions.Default, new FailingReceiver()));
                DecodeOptions all = DecodeOptions.Default with
                {
                    AllowAvif = true,
                    AllowTruncated = true,
                    Colour = ColourTreatment.ToSrgb,
                    ShrinkTowards = new ShrinkTarget(2, 2),
                };
                byte[][] profiled = i % 10 == 0 ? [Profiled[i / 10 % Profiled.Length]] : [];
                foreach (byte[] other in (byte[][])[Samples.Mutate(file, random), file[..(file.Length * 3 / 4)], .. profiled])
                {
                    try
                    {
                        Decoder.Decode(other, all).Dispose();
                        Decoder.DecodeFrames(other, all).Dispose();
                    }
                    catch (ImageException)
                    {
                        // Damage may or may not matter; what is held afterwards does.
                    }
                }
            }
        }

        Run();
        int objects = CountObjects(_decoder.Library);
        Run();
        Assert.Equal((0, 0L), (_decoder.Library.TrackedAllocations, _decoder.Library.TrackedMemory));
        Assert.Equal(objects, CountObjects(_decoder.Library));
    }

    [Fact]
    public void Resident_memory_stays_flat()
    {
        byte[] file = new JpegWriter(640, 480, 3).Write(Samples.Wave);
        byte[] damaged = new PngWriter(640, 480, 2, 8).Write(Samples.Wave);
        damaged.AsSpan(damaged.Length / 2, 100).Fill(0xAA);
        void Run(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Decoder.Decode(file, DecodeOptions.Default).Dispose();
                Assert.Throws<ImageException>(() => Decoder.Decode(damaged, DecodeOptions.Default));
            }
        }

        Run(100);
        GC.Collect();
        long before = Environment.WorkingSet;
        Run(800);
        GC.Collect();

        // One leaked strip (16 rows) a picture would be 24 MB, one leaked picture 720 MB.
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 16L << 20);
    }

    [Fact]
    public void Native_messages_are_dropped()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "redirects the standard error of the process by Linux calls");
        byte[] damaged = new PngWriter(200, 200, 2, 8).Write(Samples.Wave);
        damaged.AsSpan(damaged.AsSpan().IndexOf("IDAT"u8) + 100, 60).Fill(0xAA);
        byte[] jpeg = Samples.Get("jpeg colour");
        byte[] damagedJpeg = [.. jpeg[..(jpeg.Length / 2)], 0xFF, 0xD9];
        byte[] brokenProfile = new PngWriter(20, 20, 2, 8).With("iCCP", new byte[50]).Write(Samples.Wave);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        int saved = dup(2);
        try
        {
            using (FileStream file = File.Create(path))
            {
                Assert.Equal(2, dup2((int)file.SafeFileHandle.DangerousGetHandle(), 2));
                foreach (byte[] bytes in (byte[][])[damaged, damagedJpeg, brokenProfile, .. Samples.All.Select(s => s.File)])
                {
                    try
                    {
                        Decoder.Decode(bytes, DecodeOptions.Default).Dispose();
                    }
                    catch (ImageException)
                    {
                        // What is printed counts here.
                    }
                }
            }
        }
        finally
        {
            Assert.Equal(2, dup2(saved, 2));
            Assert.Equal(0, close(saved));
        }

        Assert.Equal("", File.ReadAllText(path));
        Assert.True(VipsLibrary.DroppedMessages > 0, "the handler was never called, so silence proves nothing");
        File.Delete(path);
    }

    [Theory]
    [InlineData("II*\0\b\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>")]
    [InlineData("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")]
    public unsafe void Other_loaders_are_blocked_in_the_library_itself(string latin1)
    {
        byte[] file = System.Text.Encoding.Latin1.GetBytes(latin1);
        fixed (byte* pinned = file)
        {
            Assert.True(_decoder.Library.ForeignFindLoadBuffer(pinned, (nuint)file.Length) is null);
            _decoder.Library.ErrorClear();
        }
    }

    [Fact]
    public void A_missing_library_is_named_with_the_remedy()
    {
        ImageException e = Assert.Throws<ImageException>(() => new VipsImageDecoder(_folder));
        Assert.Equal(ImageError.DecoderMissing, e.Error);
        Assert.Contains(_folder, e.Message, StringComparison.Ordinal);
        Assert.Contains("bash native/restore.sh", e.Message, StringComparison.Ordinal);
        var home = new SafetyHome(Path.Combine(_folder, "nowhere"));
        e = Assert.Throws<ImageException>(() => new VipsImageDecoder(home));
        Assert.Equal(ImageError.DecoderMissing, e.Error);
        Assert.Contains(home.RuntimeDirectory, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_codecs_are_refused_before_anything_is_loaded()
    {
        File.WriteAllText(Path.Combine(_folder, VipsLibraryFile.Pattern.Replace("*", "8.18.7", StringComparison.Ordinal)), "no library");
        Assert.Equal(ImageError.DecoderTooOld, Assert.Throws<ImageException>(() => new VipsImageDecoder(_folder)).Error);
        File.WriteAllText(Path.Combine(_folder, "versions.json"), """{ "png": "1.6.57", "webp": "1.6.0" }""");
        ImageException e = Assert.Throws<ImageException>(() => new VipsImageDecoder(_folder, acceptUnknownCodecVersions: true));
        Assert.Equal(ImageError.DecoderTooOld, e.Error);
        Assert.Contains("1.6.57", e.Message, StringComparison.Ordinal);
        Assert.Contains("1.6.58", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_floor_is_exact()
    {
        VipsVersionFloor.CheckLibrary(new Version(8, 18, 7));
        VipsVersionFloor.CheckLibrary(new Version(9, 0, 0));
        Assert.Equal(ImageError.DecoderTooOld, Assert.Throws<ImageException>(() => VipsVersionFloor.CheckLibrary(new Version(8, 18, 6))).Error);
        VipsVersionFloor.CheckCodecs("""{ "png": "1.6.58", "webp": "1.6.0" }"""u8.ToArray(), acceptUnknown: false);
        VipsVersionFloor.CheckCodecs(null, acceptUnknown: true);
        foreach (string json in (string[])
            [
                "{}",
                "[]",
                "no json",
                """{ "png": "1.6.58" }""",
                """{ "png": "1.6.58", "webp": "1.5.9" }""",
                """{ "png": 2, "webp": "1.6.0" }""",
            ])
        {
            Assert.Equal(
                ImageError.DecoderTooOld,
                Assert.Throws<ImageException>(
                    () => VipsVersionFloor.CheckCodecs(System.Text.Encoding.UTF8.GetBytes(json), acceptUnknown: false)).Error);
        }
    }

    [Fact]
    public void Decoders_share_one_library_per_process()
    {
        var second = new VipsImageDecoder(TestEnvironment.Home);
        Assert.Same(_decoder.Library, second.Library);
        Assert.Equal("libvips", second.Name);
        Assert.True(Version.Parse(second.Version) >= VipsVersionFloor.Library);

        string copy = Path.Combine(_folder, Path.GetFileName(_decoder.Library.Path));
        File.CreateSymbolicLink(copy, _decoder.Library.Path);
        Assert.Same(_decoder.Library, new VipsImageDecoder(copy, acceptUnknownCodecVersions: true).Library);

        // The other path is judged all the same: no versions are stated beside it.
        Assert.Equal(ImageError.DecoderTooOld, Assert.Throws<ImageException>(() => new VipsImageDecoder(copy)).Error);
    }

    private unsafe void AssertSameOrientation(byte[] file)
    {
        ImageHeader header = ImageHeaderReader.Read(file, ImageLimits.Default);
        fixed (byte* pinned = file)
        {
            using VipsImage image = VipsImage.Open(_decoder.Library, pinned, file.Length, new VipsLoad(header.Format));
            Assert.Equal(image.Orientation, header.Orientation);
        }
    }

    internal static unsafe int CountObjects(VipsLibrary library)
    {
        var map = (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, int*, void*, void*>, int*, void*, void*>)
            library.Export("vips_object_map");
        int count = 0;
        map(&Count, &count, null);
        return count;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void* Count(nint instance, int* count, void* unused)
    {
        (*count)++;
        return null;
    }

    private sealed class FailingReceiver : IImageRowReceiver
    {
        public void Begin(ImageRowFormat format)
        {
        }

        public void Receive(ReadOnlySpan<byte> rgb, int top, int count) => throw new ReceiverException();
    }

    private sealed class BlockingReceiver : IImageRowReceiver
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim Leave { get; } = new();

        public void Begin(ImageRowFormat format)
        {
            Entered.Set();
            Leave.Wait();
        }

        public void Receive(ReadOnlySpan<byte> rgb, int top, int count)
        {
        }
    }

    private static byte[] ReadPpm(string path, out int width, out int height)
    {
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
        {
            gzip.CopyTo(unpacked);
        }

        byte[] bytes = unpacked.ToArray();
        int position = 0;
        string Token()
        {
            int start = position;
            while (bytes[position] is not ((byte)' ' or (byte)'\n'))
            {
                position++;
            }

            return System.Text.Encoding.ASCII.GetString(bytes, start, position++ - start);
        }

        Assert.Equal("P6", Token());
        width = int.Parse(Token(), System.Globalization.CultureInfo.InvariantCulture);
        height = int.Parse(Token(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("255", Token());
        Assert.Equal(width * height * 3, bytes.Length - position);
        return bytes[position..];
    }

#pragma warning disable SYSLIB1054 // Three blittable calls of the C library do not need generated marshalling.
    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int dup(int descriptor);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int dup2(int descriptor, int target);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054
}
