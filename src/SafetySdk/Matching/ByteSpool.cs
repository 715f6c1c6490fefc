using Microsoft.Win32.SafeHandles;

namespace SafetySdk.Matching;

/// <summary>Bytes that are appended, then read: the first ones in memory, and all of them in a file without a name once there are
/// many.</summary>
/// <remarks>Not thread-safe. The file is readable by its owner alone, and gone with the process.</remarks>
internal sealed class ByteSpool(int memoryBytes = ByteSpool.DefaultMemoryBytes) : IDisposable
{
    private const int DefaultMemoryBytes = 8 << 20;

    private byte[] _buffer = [];
    private int _buffered;
    private SafeFileHandle? _file;
    private long _filed;

    public long Length => _filed + _buffered;

    /// <exception cref="IOException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _buffered)
        {
            if (_buffered + bytes.Length > memoryBytes)
            {
                Spill();
            }

            if (bytes.Length > _buffer.Length - _buffered)
            {
                Array.Resize(ref _buffer, Math.Max(_buffered + bytes.Length, Math.Min(Math.Max(_buffer.Length * 2, 4096), memoryBytes)));
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    /// <summary>Reads all of <paramref name="into"/> from a place.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Read(long at, Span<byte> into)
    {
        while (at < _filed && !into.IsEmpty)
        {
            int read = RandomAccess.Read(_file!, into[..(int)Math.Min(into.Length, _filed - at)], at);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            at += read;
            into = into[read..];
        }

        _buffer.AsSpan((int)Math.Max(0, at - _filed), into.Length).CopyTo(into);
    }

    /// <summary>Reads everything in order, in parts of whole rows.</summary>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="rows">Receives the number of the first row, and the rows.</param>
    public void ReadRows(int rowBytes, Action<long, ReadOnlySpan<byte>> rows)
    {
        byte[] part = new byte[Math.Min(Length, (1 << 20) / rowBytes * rowBytes)];
        for (long at = 0; at < Length;)
        {
            Span<byte> read = part.AsSpan(0, (int)Math.Min(part.Length, Length - at));
            Read(at, read);
            rows(at / rowBytes, read);
            at += read.Length;
        }
    }

    public void Dispose()
    {
        _buffer = [];
        _buffered = 0;
        _filed = 0;
        _file?.Dispose();
        _file = null;
    }

    private void Spill()
    {
        _file ??= Create();
        RandomAccess.Write(_file, _buffer.AsSpan(0, _buffered), _filed);
        _filed += _buffered;
        _buffered = 0;
    }

    private static SafeFileHandle Create()
    {
        string folder = Directory.CreateTempSubdirectory("safetysdk-").FullName;
        string path = Path.Combine(folder, "spool");
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows())
        {
            // The folder is its owner's alone; once the name is gone, the file goes with the process, however that ends.
            Directory.Delete(folder, recursive: true);
        }

        return file;
    }
}
