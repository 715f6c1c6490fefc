using System.Runtime.InteropServices;

namespace SafetySdk.Native;

/// <summary><c>safety_text</c> and <c>safety_bytes</c>: pointer and length.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSpan
{
    public byte* Data;
    public nuint Length;
}

/// <summary><c>safety_pipeline_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePipelineOptions
{
    public nuint StructSize;
    public NativeSpan Home;
    public NativeSpan Policy;
    public NativeSpan* Lists;
    public nuint ListCount;
    public NativeSpan PolicyDocument;
    public nint* Indexes;
    public nuint IndexCount;

    /// <summary>Bytes in the first header.</summary>
    public const int First = 56;
}

/// <summary><c>safety_request</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeRequest
{
    public nuint StructSize;
    public NativeSpan Prompt;
    public NativeSpan* Images;
    public nuint ImageCount;
    public NativeSpan* OutputImages;
    public nuint OutputImageCount;
    public int Operation;
    public int Age;
    public int ChatRefused;
    public int Reserved;
    public nint Cancellation;
    public NativeSpan* Turns;
    public nuint TurnCount;
    public int* Contexts;
    public nuint ContextCount;
    public NativeSpan OutputText;
    public NativeSpan Locale;

    /// <summary>Bytes in the first header.</summary>
    public const int First = 72;
}

/// <summary><c>safety_pdq</c>: the bytes of a hash, most significant first.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePdq
{
    public fixed byte Bytes[32];
}

/// <summary><c>safety_pdq_result</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePdqResult
{
    public nuint StructSize;
    public int Outcome;
    public int Quality;
    public int HashCount;
    public int Reserved;
    public fixed byte Hashes[8 * 32];
}

/// <summary><c>safety_decoder_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDecoderOptions
{
    public nuint StructSize;
    public NativeSpan Home;
    public long MaxBytes;
    public long MaxPixels;
    public int AllowAvif;
    public int Reserved;
}

/// <summary><c>safety_tensor_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeTensorOptions
{
    public nuint StructSize;
    public NativeSpan Recipe;
    public int Width;
    public int Height;
    public nint Cancellation;
}

/// <summary><c>safety_index_build_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeIndexBuildOptions
{
    public nuint StructSize;
    public NativeSpan Path;
    public NativeSpan Name;
    public NativeSpan* Lists;
    public nuint ListCount;
    public int MatchDistance;
    public int QualityGate;
}

/// <summary><c>safety_index_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeIndexEntry
{
    public nuint StructSize;
    public NativeSpan Id;
    public NativeSpan Hash;
    public NativeSpan* Labels;
    public nuint LabelCount;
    public int Kind;
    public int Reserved;
}

/// <summary><c>safety_reason</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeReason
{
    public nuint StructSize;
    public int Decision;
    public int Stage;
    public double Score;
    public double Threshold;
}
