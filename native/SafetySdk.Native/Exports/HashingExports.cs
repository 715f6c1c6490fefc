using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SafetySdk.Hashing;
using SafetySdk.Images;

namespace SafetySdk.Native.Exports;

/// <summary>Hashes of safetysdk.h.</summary>
internal static unsafe class HashingExports
{
    private const int NotHashed = 0;
    private const int Hashed = 1;
    private const int TooLittleDetail = 2;

    // The C enums in their order, spelt out: a change of the managed enums must not change the ABI. 0 is no kind.
    private static readonly HashKind?[] Kinds = [null, HashKind.Pdq, HashKind.Md5, HashKind.Sha1, HashKind.Sha256];
    private static readonly PdqProfile[] Profiles = [PdqProfile.Full, PdqProfile.Cpp512];

    [UnmanagedCallersOnly(EntryPoint = "safety_pdq_hash_pixels", CallConvs = [typeof(CallConvCdecl)])]
    public static int HashPixels(byte* rgb, nuint length, int width, int height, int profile, int forms, NativePdqResult* result)
        => Guard.Run(() =>
        {
            Begin(result);
            Arguments.NotNull(rgb, nameof(rgb));
            ReadOnlySpan<byte> pixels = Marshalling.Span(new NativeSpan { Data = rgb, Length = length }, nameof(rgb));
            return Hash(pixels, width, height, profile, forms, result);
        });

    [UnmanagedCallersOnly(EntryPoint = "safety_pdq_hash_file", CallConvs = [typeof(CallConvCdecl)])]
    public static int HashFile(nint decoder, NativeSpan file, int profile, int forms, NativePdqResult* result) => Guard.Run(() =>
    {
        Begin(result);
        NativeDecoder with = Arguments.Object<NativeDecoder>(decoder, nameof(decoder));
        Arguments.Member(Profiles, profile, nameof(profile));
        Forms(forms);
        using DecodedImage decoded = with.Decoder.Decode(Marshalling.Span(file, nameof(file)), with.Options);
        return Hash(decoded.Pixels.Pixels, decoded.Pixels.Width, decoded.Pixels.Height, profile, forms, result);
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pdq_distance", CallConvs = [typeof(CallConvCdecl)])]
    public static int Distance(NativePdq* first, NativePdq* second, int* distance) => Guard.Run(() =>
    {
        Arguments.NotNull(distance, nameof(distance));
        *distance = int.MaxValue;
        *distance = Read(first, nameof(first)).HammingDistance(Read(second, nameof(second)));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pdq_parse", CallConvs = [typeof(CallConvCdecl)])]
    public static int Parse(NativeSpan text, NativePdq* hash) => Guard.Run(() =>
    {
        Arguments.NotNull(hash, nameof(hash));
        *hash = default;
        PdqHash.Parse(Marshalling.Name(text, nameof(text)) ?? string.Empty).WriteBytes(new Span<byte>(hash->Bytes, PdqHash.ByteCount));
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "safety_pdq_text", CallConvs = [typeof(CallConvCdecl)])]
    public static int Text(NativePdq* hash, byte* buffer, nuint capacity, nuint* needed)
        => Guard.Run(() => Marshalling.WriteText(Read(hash, nameof(hash)).ToString(), buffer, capacity, needed));

    [UnmanagedCallersOnly(EntryPoint = "safety_file_digest", CallConvs = [typeof(CallConvCdecl)])]
    public static int FileDigest(int kind, NativeSpan file, byte* buffer, nuint capacity, nuint* needed) => Guard.Run(() =>
    {
        HashKind wanted = ExactKind(kind);
        ReadOnlySpan<byte> bytes = Marshalling.Span(file, nameof(file));
        if (Marshalling.Room(buffer, capacity, (nuint)wanted.ByteCount(), needed, "bytes"))
        {
            FileDigests.Compute(wanted, bytes, new Span<byte>(buffer, wanted.ByteCount()));
        }

        return Status.Ok;
    });

    /// <summary>A number of <c>safety_hash_kind</c>.</summary>
    public static HashKind Kind(int kind) => Arguments.Member(Kinds, kind, nameof(kind))
        ?? throw new NativeCallException(Status.InvalidArgument, "kind: 0 is none.");

    /// <summary>A number of <c>safety_hash_kind</c> that is a digest.</summary>
    public static HashKind ExactKind(int kind) => Kind(kind) is { } known && known.IsExact()
        ? known
        : throw new NativeCallException(Status.InvalidArgument, "kind: MD5, SHA-1 or SHA-256 is expected.");

    /// <summary>The number of a kind in <c>safety_hash_kind</c>; 0 for one that the header lacks.</summary>
    public static int Number(HashKind kind) => Math.Max(Array.IndexOf(Kinds, kind), 0);

    /// <summary>A hash of the caller.</summary>
    public static PdqHash Read(NativePdq* hash, string name)
    {
        Arguments.NotNull(hash, name);
        return PdqHash.FromBytes(new ReadOnlySpan<byte>(hash->Bytes, PdqHash.ByteCount));
    }

    private static void Begin(NativePdqResult* result)
    {
        Arguments.Sized(result, sizeof(NativePdqResult), nameof(result));
        *result = new NativePdqResult { StructSize = result->StructSize, Outcome = NotHashed };
    }

    private static void Forms(int forms)
    {
        if (forms is not (1 or PdqForms.Count))
        {
            throw new NativeCallException(Status.InvalidArgument, $"forms: 1 or {PdqForms.Count} is expected, got {forms}.");
        }
    }

    private static Status Hash(ReadOnlySpan<byte> rgb, int width, int height, int profile, int forms, NativePdqResult* result)
    {
        PdqProfile by = Arguments.Member(Profiles, profile, nameof(profile));
        Forms(forms);
        int quality;
        if (forms == 1)
        {
            PdqResult one = PdqHasher.Hash(rgb, width, height, by);
            one.Hash.WriteBytes(new Span<byte>(result->Hashes, PdqHash.ByteCount));
            quality = one.Quality;
        }
        else
        {
            PdqDihedralResult eight = PdqHasher.HashDihedral(rgb, width, height, by);
            for (int i = 0; i < forms; i++)
            {
                eight.Hashes[i].WriteBytes(new Span<byte>(result->Hashes + (i * PdqHash.ByteCount), PdqHash.ByteCount));
            }

            quality = eight.Quality;
        }

        result->HashCount = forms;
        result->Quality = quality;
        result->Outcome = quality >= PdqHasher.QualityGate ? Hashed : TooLittleDetail;
        return Status.Ok;
    }
}
