using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Tests.Hashing;

namespace SafetySdk.Tests.Matching;

public sealed class HashIndexMatcherTests : IDisposable
{
    private const int Side = 512;
    private static readonly byte[] Picture = Waves();
    private static readonly byte[] File1 = [1, 2, 3];
    private readonly string _folder = Directory.CreateTempSubdirectory("matcher").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // What was done to the picture, and the orientation of the result that looks like the listed picture again.
    [Theory]
    [InlineData(PdqForm.Original, "original")]
    [InlineData(PdqForm.Rot90, "rot270")]
    [InlineData(PdqForm.Rot180, "rot180")]
    [InlineData(PdqForm.Rot270, "rot90")]
    [InlineData(PdqForm.FlipX, "flip_x")]
    [InlineData(PdqForm.FlipY, "flip_y")]
    [InlineData(PdqForm.FlipPlus1, "flip_plus1")]
    [InlineData(PdqForm.FlipMinus1, "flip_minus1")]
    public void A_turned_or_mirrored_picture_is_found_as_its_form(PdqForm turn, string form)
    {
        var matcher = new HashIndexMatcher([PdqIndex("bank", PdqHasher.Hash(Picture, Side, Side).Hash)]);
        using PixelBuffer image = Turn(turn);
        KnownContentResult result = matcher.Match(File1, image);
        Assert.False(result.TooLittleDetail);
        KnownContentMatch match = Assert.Single(result.Matches);
        Assert.Equal(("bank", "entry", "pdq", form), (match.List, match.EntryId, match.Algorithm, match.Form));
        Assert.Equal(["label"], match.Labels);
        Assert.InRange(match.Distance, 0, PdqHash.MatchDistance);

        // The named form of the original is what turning it gives.
        PdqDihedralResult eight = PdqHasher.HashDihedral(Picture, Side, Side);
        Assert.InRange(eight[turn].HammingDistance(PdqHasher.Hash(image).Hash), 0, PdqHash.MatchDistance);
    }

    [Fact]
    public void A_flat_picture_has_too_little_detail_and_only_its_bytes_count()
    {
        byte[] flat = SyntheticPicture.Create("flat", 100, 100, 128);
        using var image = PixelBuffer.FromRgb(flat, 100, 100);
        HashIndex perceptual = PdqIndex("bank", PdqHasher.Hash(image).Hash);
        KnownContentResult result = new HashIndexMatcher([perceptual]).Match(File1, image);
        Assert.True(result.TooLittleDetail);
        Assert.Empty(result.Matches);

        result = new HashIndexMatcher([perceptual, Index("exact", (HashKind.Md5, FileDigests.Md5(File1)))]).Match(File1, image);
        Assert.True(result.TooLittleDetail);
        Assert.Equal("file", Assert.Single(result.Matches).Form);
    }

    [Fact]
    public void A_file_that_is_no_picture_is_found_by_its_bytes()
    {
        var matcher = new HashIndexMatcher([
            PdqIndex("perceptual", PdqHasher.Hash(Picture, Side, Side).Hash),
            Index("md5", (HashKind.Md5, FileDigests.Md5(File1))),
            Index("sha256", (HashKind.Sha256, FileDigests.Sha256(File1))),
        ]);
        KnownContentResult result = matcher.MatchFile(File1);
        Assert.Equal([("md5", "md5", "file"), ("sha256", "sha256", "file")], result.Matches.Select(m => (m.List, m.Algorithm, m.Form)));
        Assert.False(result.TooLittleDetail);
        Assert.Empty(matcher.MatchFile([3, 2, 1]).Matches);
    }

    [Fact]
    public void A_tiny_picture_has_too_little_detail()
    {
        using var image = PixelBuffer.FromRgb(new byte[4 * 9 * 3], 4, 9);
        KnownContentResult result = new HashIndexMatcher([PdqIndex("bank", default)]).Match(File1, image);
        Assert.True(result.TooLittleDetail);
        Assert.Empty(result.Matches);
    }

    [Fact]
    public void The_quality_gate_is_a_sharp_border()
    {
        // Faint noise over grey: find one picture below and one at the default gate by fading it in.
        byte[] noise = SyntheticPicture.Create("blocks", 128, 128, 3);
        var seen = new HashSet<bool>();
        for (int strength = 0; strength <= 64; strength++)
        {
            using var image = PixelBuffer.FromRgb([.. noise.Select(value => (byte)(128 + ((value - 128) * strength / 64)))], 128, 128);
            PdqResult hash = PdqHasher.Hash(image);
            KnownContentResult result = new HashIndexMatcher([PdqIndex("bank", hash.Hash)]).Match(File1, image);
            Assert.Equal(hash.Quality < 50, result.TooLittleDetail);
            Assert.Equal(hash.Quality >= 50, result.Matches.Count == 1);
            seen.Add(result.TooLittleDetail);
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void Bytes_are_found_by_each_digest_before_forms()
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        PdqHash hash = PdqHasher.Hash(image).Hash;
        HashIndex first = PdqIndex("near", Flip(hash, 3));
        HashIndex second = Index(
            "all", (HashKind.Pdq, hash.ToString()), (HashKind.Md5, FileDigests.Md5(File1)), (HashKind.Sha1, FileDigests.Sha1(File1)),
            (HashKind.Sha256, FileDigests.Sha256(File1)), (HashKind.Md5, FileDigests.Md5([9])));
        var matcher = new HashIndexMatcher([first, second]);
        IReadOnlyList<KnownContentMatch> matches = matcher.Match(File1, image).Matches;
        Assert.Equal(["md5", "sha1", "sha256", "pdq", "pdq"], matches.Select(match => match.Algorithm));
        Assert.Equal(["all", "all", "all", "all", "near"], matches.Select(match => match.List));
        Assert.Equal([0, 0, 0, 0, 3], matches.Select(match => match.Distance));
        Assert.Equal([("near", first.Digest), ("all", second.Digest)], matcher.Lists);
        Assert.Equal(2, matcher.Match(hash).Count);
        Assert.Equal("md5", Assert.Single(matcher.Match(HashKind.Md5, Convert.FromHexString(FileDigests.Md5(File1)))).Algorithm);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(31, true)]
    [InlineData(32, false)]
    public void The_default_distance_is_31(int bits, bool found)
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        HashIndex index = PdqIndex("bank", Flip(PdqHasher.Hash(image).Hash, bits));
        Assert.Equal(found, new HashIndexMatcher([index]).Match(File1, image).Matches.Any(match => match.Form == "original"));
    }

    [Fact]
    public void Indexes_and_text_lists_are_opened_by_content()
    {
        string text = Path.Combine(_folder, "list.txt");
        string index = Path.Combine(_folder, "index.bin");
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        File.WriteAllText(text, $"# known\n{PdqHasher.Hash(image).Hash},case-1,label\n");
        var writer = new HashIndexWriter("binary");
        writer.AddRange(HashListReader.Read(text));
        writer.Save(index);
        HashIndexMatcher matcher = HashIndexMatcher.Open([text, index]);
        Assert.Equal(["list.txt", "binary"], matcher.Match(File1, image).Matches.Select(match => match.List));
        Assert.Equal(matcher.Lists, HashIndexMatcher.Open([text, index]).Lists);
        Assert.Empty(new HashIndexMatcher(Array.Empty<HashIndex>()).Match(File1, image).Matches);
    }

    [Fact]
    public void A_photograph_turned_and_saved_again_is_found()
    {
        string expected = TestEnvironment.Shared("testdata", "pdq", "expected.csv");
        string Value(string label, int column)
            => File.ReadLines(expected).Select(line => line.Split(',')).First(field => field[0] == label && field[1] == "full")[column];
        var matcher = new HashIndexMatcher([PdqIndex("bank", PdqHash.Parse(Value("aaa-orig", 5)))]);
        for (int form = 0; form < 8; form++)
        {
            IReadOnlyList<KnownContentMatch> matches = matcher.Match(PdqHash.Parse(Value("bridge-2-rotate-90", 7 + form)));
            Assert.Equal(form == (int)PdqForm.Rot270, matches.Count == 1);
        }
    }

    [Fact]
    public void Names_and_values_of_every_hash_kind()
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        Assert.Equal(["pdq", "phash", "dhash", "ahash", "md5", "sha1", "sha256", "phash16"], HashKinds.All.Select(kind => kind.Name()));
        foreach (HashKind kind in HashKinds.All)
        {
            Assert.True(HashKinds.TryParse(kind.Name().ToUpperInvariant(), out HashKind parsed));
            Assert.Equal(kind, parsed);
            HashText text = HashKinds.Compute(kind, "abc"u8, image);
            Assert.Equal(kind.ByteCount() * 2, text.Text.Length);
            Assert.Equal(kind == HashKind.Pdq ? 100 : null, text.Quality);
        }

        Assert.False(HashKinds.TryParse("photodna", out _));
        Assert.Equal("900150983cd24fb0d6963f7d28e17f72", HashKinds.Compute(HashKind.Md5, "abc"u8, null).Text);
        Assert.Equal("a9993e364706816aba3e25717850c26c9cd0d89d", FileDigests.Sha1("abc"u8));
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", FileDigests.Sha256("abc"u8));
        Assert.Throws<ArgumentNullException>(() => HashKinds.Compute(HashKind.Pdq, "abc"u8, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((HashKind)77).Name());
    }

    [Theory]
    [InlineData(PdqForm.Original, "letterbox")]
    [InlineData(PdqForm.Rot90, "letterbox_rot270")]
    [InlineData(PdqForm.FlipY, "letterbox_flip_y")]
    public void A_picture_within_borders_is_found_as_its_form(PdqForm turn, string form)
    {
        var matcher = new HashIndexMatcher([PdqIndex("bank", PdqHasher.Hash(Picture, Side, Side).Hash)]);
        using PixelBuffer turned = Turn(turn);
        // Black bars above and below, within a white frame, all with the noise of a saved JPEG; then only one wide bar of its own colour.
        using PixelBuffer bars = Border(turned, 0, 150, 0, 150, (9, 9, 9));
        using PixelBuffer framed = Border(bars, 40, 40, 60, 60, (240, 244, 238));
        using PixelBuffer aside = Border(turned, 300, 0, 0, 0, (30, 90, 60));
        foreach (PixelBuffer image in new[] { bars, framed, aside })
        {
            KnownContentMatch match = Assert.Single(matcher.Match(File1, image).Matches);
            Assert.Equal(form, match.Form);
            Assert.InRange(match.Distance, 0, PdqHash.MatchDistance);
        }

        Assert.Null(UniformBorder.Cut(turned));
    }

    [Fact]
    public void A_small_picture_on_a_large_ground_has_enough_detail_once_it_is_cut_out()
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        using PixelBuffer large = Border(image, 1500, 1500, 1500, 1500, (128, 128, 128));
        Assert.True(PdqHasher.Hash(large).Quality < PdqHasher.QualityGate);
        KnownContentResult result = new HashIndexMatcher([PdqIndex("bank", PdqHasher.Hash(image).Hash)]).Match(File1, large);
        Assert.False(result.TooLittleDetail);
        Assert.Equal("letterbox", Assert.Single(result.Matches).Form);
    }

    [Fact]
    public void A_bank_has_its_own_distance()
    {
        PdqHash hash = PdqHasher.Hash(Picture, Side, Side).Hash;
        HashIndex index = PdqIndex("bank", Flip(hash, 20));
        Assert.Empty(new HashIndexMatcher([new KnownContentBank(index) { Distance = 19 }]).Match(hash));
        Assert.Single(new HashIndexMatcher([new KnownContentBank(index) { Distance = 20 }]).Match(hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KnownContentBank(index) { Distance = 81 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KnownContentBank(index) { EnabledRatio = double.NaN });
    }

    [Fact]
    public void The_enabled_ratio_is_kept_and_the_same_query_has_the_same_answer()
    {
        var writer = new HashIndexWriter("bank");
        writer.Add(new HashListEntry("e", HashKind.Md5, FileDigests.Md5(File1), [], "s"));
        HashIndex index = writer.ToIndex();
        HashIndexMatcher Of(double ratio) => new([new KnownContentBank(index) { EnabledRatio = ratio, Distance = 0 }]);
        using var image = PixelBuffer.FromRgb(new byte[300], 10, 10);
        int asked = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] query = BitConverter.GetBytes(i);
            bool skipped = Of(0.3).Match(query, image).NotAsked.Count == 1;
            Assert.Equal(skipped, Of(0.3).Match(query, image).NotAsked.Count == 1);
            asked += skipped ? 0 : 1;
        }

        Assert.InRange(asked, 240, 360);
        Assert.Single(Of(1).Match(File1, image).Matches);
        KnownContentResult none = Of(0).Match(File1, image);
        Assert.Empty(none.Matches);
        Assert.Equal(["bank"], none.NotAsked);
    }

    [Fact]
    public void A_negative_bank_vetoes_with_a_reason_but_never_what_is_nearer()
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        PdqHash hash = PdqHasher.HashDihedral(image)[PdqForm.Original];
        HashIndex bad = Index("bad", (HashKind.Pdq, Flip(hash, 10).ToString()), (HashKind.Md5, FileDigests.Md5(File1)));
        KnownContentResult Match(HashIndex negative)
            => new HashIndexMatcher([new KnownContentBank(bad), new KnownContentBank(negative) { Negative = true }]).Match(File1, image);

        KnownContentResult result = Match(PdqIndex("good", Flip(hash, 10)));
        Assert.Equal("md5", Assert.Single(result.Matches).Algorithm);
        VetoedMatch veto = Assert.Single(result.Vetoed);
        Assert.Equal(("pdq", "good", "near_false_positive"), (veto.Match.Algorithm, veto.By.List, veto.Reason));

        Assert.Empty(Match(PdqIndex("good", Flip(hash, 11))).Vetoed);
        result = Match(Index("good", (HashKind.Sha256, FileDigests.Sha256(File1))));
        Assert.Empty(result.Matches);
        Assert.All(result.Vetoed, v => Assert.Equal("exact_false_positive", v.Reason));
        Assert.Equal(2, result.Vetoed.Count);
    }

    [Fact]
    public void What_must_be_matched_is_neither_sampled_nor_taken_back()
    {
        using var image = PixelBuffer.FromRgb(Picture, Side, Side);
        HashIndex index = Index("bad", (HashKind.Md5, FileDigests.Md5(File1)));
        HashIndex good = Index("good", (HashKind.Sha256, FileDigests.Sha256(File1)));
        var must = new KnownContentBank(index) { Mandatory = true };
        KnownContentResult result = new HashIndexMatcher([must, new KnownContentBank(good) { Negative = true }]).Match(File1, image);
        Assert.Equal("bad", Assert.Single(result.Matches).List);
        Assert.Empty(result.Vetoed);
        Assert.Throws<ArgumentException>(() => new HashIndexMatcher([must with { EnabledRatio = 0.99 }]));
        Assert.Throws<ArgumentException>(() => new HashIndexMatcher([must with { Negative = true }]));
    }

    [Fact]
    public void An_update_that_floods_is_quarantined_and_the_old_index_stays()
    {
        string path = Path.Combine(_folder, "guarded.index");
        PdqHash benign = PdqHasher.Hash(Picture, Side, Side).Hash;
        var guard = new FloodGuard([new HashListEntry("p", HashKind.Pdq, benign.ToString(), [], "p"), new HashListEntry("q", HashKind.Md5, FileDigests.Md5(File1), [], "p")]);
        HashIndexWriter Writer(PdqHash hash)
        {
            var writer = new HashIndexWriter("list");
            writer.Add(new HashListEntry("e", HashKind.Pdq, hash.ToString(), [], "s"));
            return writer;
        }

        HashIndexUpdate update = guard.Save(Writer(Flip(benign, 100)), path);
        Assert.Equal((HashIndexUpdateOutcome.Applied, 0, 2), (update.Outcome, update.NewMatches, update.Probes));
        string digest = HashIndex.Open(path).Digest;

        HashIndexWriter flood = Writer(Flip(benign, 5));
        update = guard.Save(flood, path);
        Assert.Equal((HashIndexUpdateOutcome.Quarantined, 1, path + ".quarantine"), (update.Outcome, update.NewMatches, update.Path));
        Assert.Equal(digest, HashIndex.Open(path).Digest);
        Assert.Equal(1, HashIndex.Open(update.Path).Count);

        // What matched before is no sudden change.
        flood.Save(path);
        Assert.Equal(HashIndexUpdateOutcome.Applied, guard.Save(Writer(Flip(benign, 6)), path).Outcome);
    }

    [Fact]
    public async Task Two_guarded_updates_at_once_never_put_the_flood_in_place()
    {
        string path = Path.Combine(_folder, "raced.index");
        PdqHash benign = PdqHasher.Hash(Picture, Side, Side).Hash;
        var guard = new FloodGuard([new HashListEntry("p", HashKind.Pdq, benign.ToString(), [], "p")]);
        HashIndexWriter[] writers = [new("clean"), new("flood")];
        writers[0].Add(new HashListEntry("e", HashKind.Pdq, Flip(benign, 100).ToString(), [], "s"));
        writers[1].Add(new HashListEntry("e", HashKind.Pdq, benign.ToString(), [], "s"));
        writers[0].Save(path);
        using var together = new Barrier(2);
        HashIndexUpdateOutcome[] outcomes = [HashIndexUpdateOutcome.Applied, HashIndexUpdateOutcome.Quarantined];
        await Task.WhenAll(writers.Select((writer, i) => Task.Factory.StartNew(
            () =>
            {
                for (int round = 0; round < 60; round++)
                {
                    Assert.True(together.SignalAndWait(TimeSpan.FromSeconds(10)), "the other one failed");
                    Assert.Equal(outcomes[i], guard.Save(writer, path).Outcome);
                    using HashIndex now = HashIndex.Open(path);
                    Assert.Equal("clean", now.Name);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal([path, path + ".quarantine"], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
        FloodGuard.Release(path);
        using HashIndex released = HashIndex.Open(path);
        Assert.Equal("flood", released.Name);
        Assert.Equal(HashIndexError.Missing, Assert.Throws<HashIndexException>(() => FloodGuard.Release(path)).Error);
        File.WriteAllBytes(path + ".quarantine", [1, 2, 3]);
        Assert.Equal(HashIndexError.NotAnIndex, Assert.Throws<HashIndexException>(() => FloodGuard.Release(path)).Error);
    }

    private static PixelBuffer Border(PixelBuffer image, int left, int top, int right, int bottom, (int R, int G, int B) colour)
    {
        var random = new Random(5);
        PixelBuffer bordered = PixelBuffer.Rent(image.Width + left + right, image.Height + top + bottom);
        Span<byte> pixels = bordered.Pixels;
        for (int i = 0; i < pixels.Length; i += 3)
        {
            int noise = random.Next(-4, 5);
            (pixels[i], pixels[i + 1], pixels[i + 2]) = ((byte)(colour.R + noise), (byte)(colour.G + noise), (byte)(colour.B + noise));
        }

        for (int y = 0; y < image.Height; y++)
        {
            image.Pixels.Slice(y * image.Width * 3, image.Width * 3).CopyTo(pixels[((((y + top) * bordered.Width) + left) * 3)..]);
        }

        return bordered;
    }

    private static HashIndex PdqIndex(string name, PdqHash hash) => Index(name, (HashKind.Pdq, hash.ToString()));

    private static HashIndex Index(string name, params (HashKind Kind, string Value)[] entries)
    {
        var writer = new HashIndexWriter(name);
        foreach ((HashKind kind, string value) in entries)
        {
            writer.Add(new HashListEntry("entry", kind, value, ["label"], name));
        }

        return writer.ToIndex();
    }

    private static PdqHash Flip(PdqHash hash, int bits)
    {
        byte[] bytes = new byte[32];
        hash.WriteBytes(bytes);
        for (int bit = 0; bit < bits; bit++)
        {
            bytes[bit * 7 % 256 / 8] ^= (byte)(1 << (bit * 7 % 256 % 8));
        }

        return PdqHash.FromBytes(bytes);
    }

    // Smooth waves in all directions: no symmetry, and like a photograph nothing finer than the hash looks at.
    private static byte[] Waves()
    {
        var random = new Random(11);
        var waves = Enumerable.Range(0, 40)
            .Select(_ => (X: (random.NextDouble() * 16) - 8, Y: (random.NextDouble() * 16) - 8, Phase: random.NextDouble() * 6.28))
            .ToArray();
        byte[] rgb = new byte[Side * Side * 3];
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                double sum = waves.Sum(wave => Math.Cos((2 * Math.PI * ((wave.X * x) + (wave.Y * y)) / Side) + wave.Phase));
                rgb.AsSpan(((y * Side) + x) * 3, 3).Fill((byte)Math.Clamp(128 + (sum * 14), 0, 255));
            }
        }

        return rgb;
    }

    private static PixelBuffer Turn(PdqForm form)
    {
        byte[] turned = new byte[Picture.Length];
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                const int Last = Side - 1;
                (int sourceX, int sourceY) = form switch
                {
                    PdqForm.Original => (x, y),
                    PdqForm.Rot90 => (Last - y, x),
                    PdqForm.Rot180 => (Last - x, Last - y),
                    PdqForm.Rot270 => (y, Last - x),
                    PdqForm.FlipX => (x, Last - y),
                    PdqForm.FlipY => (Last - x, y),
                    PdqForm.FlipPlus1 => (y, x),
                    _ => (Last - y, Last - x),
                };
                Picture.AsSpan(((sourceY * Side) + sourceX) * 3, 3).CopyTo(turned.AsSpan(((y * Side) + x) * 3));
            }
        }

        return PixelBuffer.FromRgb(turned, Side, Side);
    }
}
