using SafetySdk.Classification;
using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Policies;

namespace SafetySdk.Native;

/// <summary>The numbers of <c>safety_status</c>; they never change.</summary>
internal enum Status
{
    Ok = 0,
    InvalidArgument = -1,
    InvalidHandle = -2,
    BufferTooSmall = -3,
    Policy = -4,
    List = -5,
    Missing = -6,
    Internal = -7,
    Image = -8,
    Cancelled = -9,
}

/// <summary>An argument is wrong; the message says which.</summary>
internal sealed class NativeCallException(Status status, string message) : Exception(message)
{
    public Status Status { get; } = status;
}

/// <summary>Runs the body of an export: an exception that left it would end the host's process.</summary>
internal static class Guard
{
    [ThreadStatic]
    private static string? _lastError;

    public static string LastError => _lastError ?? string.Empty;

    public static int Run(Func<Status> body)
    {
        try
        {
            return (int)body();
        }
        catch (Exception e)
        {
            Status status = e switch
            {
                NativeCallException call => call.Status,
                PolicyFormatException => Status.Policy,
                HashListException or HashIndexException => Status.List,
                ImageException { Error: ImageError.DecoderMissing or ImageError.DecoderTooOld } or ModelException => Status.Missing,
                ImageException => Status.Image,
                OperationCanceledException => Status.Cancelled,
                ArgumentException or HashException or OverflowException => Status.InvalidArgument,
                IOException or UnauthorizedAccessException => Status.List,
                _ => Status.Internal,
            };

            // The text of an unknown exception may quote an input.
            _lastError = status switch
            {
                Status.Internal => $"a fault of the library ({e.GetType().Name})",
                Status.Cancelled => "cancelled; nothing was decided.",
                _ => e.Message,
            };
            return (int)status;
        }
    }
}
