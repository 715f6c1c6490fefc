using System.Text;

namespace SafetySdk.Native;

/// <summary>Reads and writes the caller's memory.</summary>
internal static unsafe class Marshalling
{
    private const int MaxItems = 1024;

    public static ReadOnlySpan<byte> Span(NativeSpan span, string name)
    {
        if (span.Length > int.MaxValue || (span.Data is null && span.Length > 0))
        {
            throw new NativeCallException(Status.InvalidArgument, $"{name}: a null pointer with a length, or more than 2 GiB.");
        }

        return new ReadOnlySpan<byte>(span.Data, (int)span.Length);
    }

    /// <summary>Text that names something (a path, a policy). Null where it is empty.</summary>
    public static string? Name(NativeSpan span, string name)
    {
        ReadOnlySpan<byte> utf8 = Span(span, name);
        return utf8.IsEmpty ? null : System.Text.Unicode.Utf8.IsValid(utf8)
            ? Encoding.UTF8.GetString(utf8)
            : throw new NativeCallException(Status.InvalidArgument, $"{name} is not valid UTF-8.");
    }

    /// <summary>Several texts that each name something; none may be empty.</summary>
    public static List<string> Names(NativeSpan* items, nuint count, string name)
    {
        Counted(items, count, name);
        var names = new List<string>((int)count);
        for (nuint i = 0; i < count; i++)
        {
            names.Add(Name(items[i], $"{name}[{i}]") ?? throw new NativeCallException(Status.InvalidArgument, $"{name}[{i}] is empty."));
        }

        return names;
    }

    /// <summary>Files of the caller, without a copy: the memory stays the caller's and is valid during the call.</summary>
    public static ReadOnlyMemory<byte>[] Files(NativeSpan* items, nuint count, string name)
    {
        Counted(items, count, name);
        var files = new ReadOnlyMemory<byte>[(int)count];
        for (int i = 0; i < files.Length; i++)
        {
            Span(items[i], $"{name}[{i}]");
            files[i] = new UnmanagedMemory(items[i].Data, (int)items[i].Length).Memory;
        }

        return files;
    }

    /// <summary>Refuses a count without items, and more items than anybody means.</summary>
    public static void Counted(void* items, nuint count, string name)
    {
        if (count > MaxItems || (items is null && count > 0))
        {
            throw new NativeCallException(Status.InvalidArgument, $"{name}: a null pointer with a count, or more than {MaxItems} items.");
        }
    }

    /// <summary>Text to a buffer of the caller, with a terminator; a null buffer asks for the size.</summary>
    public static Status WriteText(string text, byte* buffer, nuint capacity, nuint* needed)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (!Room(buffer, capacity, (nuint)length + 1, needed, "bytes"))
        {
            return Status.Ok;
        }

        Encoding.UTF8.GetBytes(text, new Span<byte>(buffer, length));
        buffer[length] = 0;
        return Status.Ok;
    }

    /// <summary>Whether to write into a buffer of the caller, or only the size was asked for.</summary>
    public static bool Room(void* buffer, nuint capacity, nuint size, nuint* needed, string unit)
    {
        if (needed is not null)
        {
            *needed = size;
        }

        if (buffer is null)
        {
            return needed is null ? throw new NativeCallException(Status.InvalidArgument, "buffer and needed are both null.") : false;
        }

        return capacity >= size
            ? true
            : throw new NativeCallException(Status.BufferTooSmall, $"the buffer has {capacity} {unit}, {size} are needed.");
    }
}

/// <summary>The caller's memory as <see cref="Memory{T}"/>; must not outlive the call.</summary>
internal sealed unsafe class UnmanagedMemory(byte* data, int length) : System.Buffers.MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new(data, length);

    public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => new(data + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
