using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace SafetySdk.Cli;

/// <summary>
/// Writes NumPy's .npy format, version 1.0: magic, header of a multiple of 64 bytes, then little-endian values in C order.
/// </summary>
internal static class NpyFile
{
    public static void Write<T>(string path, ReadOnlySpan<int> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        string type = typeof(T) == typeof(float) ? "<f4" : typeof(T) == typeof(Half) ? "<f2" : typeof(T) == typeof(byte) ? "|u1"
            : throw new NotSupportedException(typeof(T).Name);
        var dictionary = new StringBuilder($"{{'descr': '{type}', 'fortran_order': False, 'shape': (");
        foreach (int side in shape)
        {
            dictionary.Append(CultureInfo.InvariantCulture, $"{side}, ");
        }

        dictionary.Length -= 2;
        dictionary.Append("), }");
        const int Preamble = 10;
        int length = Preamble + dictionary.Length + 1;
        dictionary.Append(' ', ((length + 63) & ~63) - length).Append('\n');

        byte[] head = [0x93, .. "NUMPY"u8, 1, 0, 0, 0, .. Encoding.ASCII.GetBytes(dictionary.ToString())];
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(8), (ushort)dictionary.Length);
        try
        {
            using FileStream stream = File.Create(path);
            stream.Write(head);
            stream.Write(MemoryMarshal.AsBytes(values));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            // The framework's own messages are left out of the program.
            throw new CommandException(ExitCode.UnreadableInput, $"{path}: cannot be written ({e.GetType().Name}).");
        }
    }
}
