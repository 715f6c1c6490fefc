using System.Runtime.InteropServices;

namespace SafetySdk.Tests.Kernels;

/// <summary>
/// Memory between two pages that must not be touched: a byte too far ends the process. Plain memory where there is no mmap.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int Page = 1 << 16;
    private readonly byte* _pages;
    private readonly int _length;

    /// <summary>Allocates.</summary>
    /// <param name="length">Usable bytes, at most 64 KiB.</param>
    public GuardedMemory(int length)
    {
        Assert.InRange(length, 0, Page);
        _length = length;
        if (!OperatingSystem.IsLinux())
        {
            _pages = (byte*)NativeMemory.AllocZeroed(3 * Page);
            return;
        }

        const int Private = 2, Anonymous = 0x20, ReadWrite = 3;
        _pages = (byte*)Map(0, 3 * Page, ReadWrite, Private | Anonymous, -1, 0);
        Assert.NotEqual(-1, (nint)_pages);
        Assert.Equal(0, Protect((nint)_pages, Page, 0));
        Assert.Equal(0, Protect((nint)_pages + (2 * Page), Page, 0));
    }

    /// <summary>Starts right after the untouchable page.</summary>
    public Span<byte> AtStart => new(_pages + Page, _length);

    /// <summary>Ends right before the untouchable page.</summary>
    public Span<byte> AtEnd => new(_pages + (2 * Page) - _length, _length);

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(0, Unmap((nint)_pages, 3 * Page));
        }
        else
        {
            NativeMemory.Free(_pages);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint length);
}
