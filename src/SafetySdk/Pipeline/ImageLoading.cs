using SafetySdk.Classification;
using SafetySdk.Images;
using SafetySdk.Matching;

namespace SafetySdk.Pipeline;

/// <summary>
/// The cheap half of looking at a picture: decode it, every frame of it, and look it up on the lists. A file that cannot be decoded is
/// still looked up by its bytes.
/// </summary>
internal sealed class ImageLoading(
    IImageDecoder? decoder, IReadOnlyList<IKnownContentMatcher> matchers, ImageLimits limits, PipelineOptions options)
{
    public const string DecodeCheck = "decode";
    private const string MatchCheck = "known-content";
    private const string FramesCheck = "frames";

    private readonly DecodeOptions _decode = DecodeOptions.Default with { Limits = limits };

    public LoadedImage Load(ReadOnlySpan<byte> encoded, string source, CancellationToken cancellationToken)
    {
        var result = new ExaminedImage(source);
        DecodedFrames? frames = null;
        bool handedOn = false;
        try
        {
            frames = Decode(encoded, ref result, cancellationToken);
            result = frames is null ? MatchFile(encoded, result) : Match(encoded, frames, result, cancellationToken);
            IReadOnlyList<DecodedFrame> analyzed = frames is null ? [] : Choose(frames, ref result, cancellationToken);
            handedOn = true;
            return new LoadedImage(result, frames, analyzed);
        }
        finally
        {
            if (!handedOn)
            {
                frames?.Dispose();
            }
        }
    }

    private DecodedFrames? Decode(ReadOnlySpan<byte> encoded, ref ExaminedImage result, CancellationToken cancellationToken)
    {
        if (decoder is null)
        {
            result = result.Failed(
                DecodeCheck, CheckFailureKind.Unavailable, "no image decoder is registered; add one, for example AddVipsDecoder().");
            return null;
        }

        DecodedImage first;
        try
        {
            first = decoder.Decode(encoded, _decode, cancellationToken);
        }
        catch (ImageException e)
        {
            result = Failed(result, e);
            return null;
        }
        catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
        {
            // A decoder that breaks its contract is a failed check, not a failed host.
            result = result.Failed(DecodeCheck, CheckFailureKind.Fault, $"{result.Source}: the decoder failed ({e.GetType().Name}).");
            return null;
        }

        // Larger first; what the limits on memory do not allow is tried with half as many.
        for (int most = options.MatchedFrames; first.Info.Frames > 1 && most > 1; most /= 2)
        {
            try
            {
                DecodedFrames frames = decoder.DecodeFrames(encoded, _decode with { MaxFrames = most }, cancellationToken);
                first.Dispose();
                return frames;
            }
            catch (ImageException e) when (e.Error != ImageError.LimitExceeded)
            {
                result = Failed(result, e);
                break;
            }
            catch (ImageException)
            {
                // Said below, by the frames that are not there.
            }
            catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
            {
                result = result.Failed(DecodeCheck, CheckFailureKind.Fault, $"{result.Source}: the decoder failed ({e.GetType().Name}).");
                break;
            }
            catch
            {
                first.Dispose();
                throw;
            }
        }

        return new DecodedFrames(first.Info, [new DecodedFrame(0, first.Pixels)]);
    }

    private ExaminedImage Match(
        ReadOnlySpan<byte> encoded, DecodedFrames frames, ExaminedImage result, CancellationToken cancellationToken)
    {
        var signals = new List<Signal>();
        int flat = 0;
        var notAsked = new SortedSet<string>(StringComparer.Ordinal);
        var vetoed = new SortedSet<string>(StringComparer.Ordinal);
        foreach (DecodedFrame frame in frames)
        {
            bool tooLittleDetail = false;
            foreach (IKnownContentMatcher matcher in matchers)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    KnownContentResult found = matcher.Match(encoded, frame.Pixels);
                    tooLittleDetail |= found.TooLittleDetail;
                    notAsked.UnionWith(found.NotAsked);
                    vetoed.UnionWith(found.Vetoed.Select(veto => $"{veto.Match.List} by {veto.By.List}"));
                    Add(found, matcher, result.Source, signals);
                }
                catch (Exception e) when (StageBudget.IsFault(e, cancellationToken))
                {
                    result = MatchFailed(result, e);
                }
            }

            flat += tooLittleDetail ? 1 : 0;
        }

        if (flat > 0)
        {
            string which = frames.Count == 1 ? "it has" : $"{flat} of {frames.Count} frames have";
            result = result.Noted(
                MatchCheck, $"{result.Source}: {which} too little detail for a perceptual hash; of a list of such hashes only exact copies were looked for.");
        }

        if (notAsked.Count > 0)
        {
            result = result.Noted(MatchCheck, $"{result.Source}: because of their enabled ratio these banks were not asked: {string.Join(", ", notAsked)}.");
        }

        if (vetoed.Count > 0)
        {
            result = result.Noted(MatchCheck, $"{result.Source}: matches were taken back as known false positives: {string.Join(", ", vetoed)}.");
        }

        return result with { Signals = signals };
    }

    private ExaminedImage MatchFile(ReadOnlySpan<byte> encoded, ExaminedImage result)
    {
        var signals = new List<Signal>();
        foreach (IKnownContentMatcher matcher in matchers)
        {
            try
            {
                Add(matcher.MatchFile(encoded), matcher, result.Source, signals);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                result = MatchFailed(result, e);
            }
        }

        return result with { Signals = signals };
    }

    private static void Add(KnownContentResult found, IKnownContentMatcher matcher, string source, List<Signal> signals)
    {
        foreach (KnownContentMatch match in found.Matches)
        {
            string detector = $"{MatchCheck}:{match.List}:{match.Algorithm}:{match.Form}";
            double score = match.Form == HashIndexMatcher.FileForm ? KnownContentScore.Confirmed : KnownContentScore.Near(match.Distance);

            // Every frame finds the same file again; of perceptual hashes the nearest counts.
            int before = signals.FindIndex(s => s.Detector == detector);
            if (before >= 0 && signals[before].Score >= score)
            {
                continue;
            }

            string version = matcher.Lists.FirstOrDefault(l => l.Name == match.List).Digest ?? string.Empty;
            var signal = new Signal(SafetyCategory.KnownContent, score, detector, version) { Source = source, Modality = Modality.Image };
            if (before >= 0)
            {
                signals[before] = signal;
            }
            else
            {
                signals.Add(signal);
            }
        }
    }

    // The detectors cost a hundred times what a look-up costs. Frames that repeat an earlier one are no news.
    private IReadOnlyList<DecodedFrame> Choose(DecodedFrames frames, ref ExaminedImage result, CancellationToken cancellationToken)
    {
        if (frames.Info.Frames > frames.Count)
        {
            result = result.Failed(
                FramesCheck,
                CheckFailureKind.InvalidInput,
                $"{result.Source}: an animation of {frames.Info.Frames} frames, of which {frames.Count} were looked at. Send the others as pictures.");
        }

        if (frames.Count <= options.AnalyzedFrames)
        {
            return frames;
        }

        var different = new List<DecodedFrame>();
        foreach (DecodedFrame frame in frames)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!different.Exists(d => Same(d.Pixels, frame.Pixels)))
            {
                different.Add(frame);
            }
        }

        if (different.Count <= options.AnalyzedFrames)
        {
            return different;
        }

        string message = $"{result.Source}: the detectors looked at {options.AnalyzedFrames} of {different.Count} different frames; all were compared with known content.";
        result = options.TrustSampledFrames
            ? result.Noted(FramesCheck, message)
            : result.Failed(FramesCheck, CheckFailureKind.InvalidInput, message);
        return [.. DecodedFrames.Spread(different.Count, options.AnalyzedFrames).Select(i => different[i])];
    }

    private static bool Same(PixelBuffer a, PixelBuffer b)
        => a.Width == b.Width && a.Height == b.Height && a.Pixels.SequenceEqual(b.Pixels);

    private static ExaminedImage Failed(ExaminedImage result, ImageException e)
        => result.Failed(DecodeCheck, KindOf(e.Error), $"{result.Source}: {e.Message}");

    private static ExaminedImage MatchFailed(ExaminedImage result, Exception e)
        => result.Failed(
            MatchCheck, CheckFailureKind.Fault, $"{result.Source}: the look-up failed ({e.GetType().Name}).", SafetyCategory.KnownContent);

    private static CheckFailureKind KindOf(ImageError error) => error switch
    {
        ImageError.DecoderMissing or ImageError.DecoderTooOld => CheckFailureKind.Unavailable,
        ImageError.TimedOut => CheckFailureKind.TimedOut,
        _ => CheckFailureKind.InvalidInput,
    };
}
