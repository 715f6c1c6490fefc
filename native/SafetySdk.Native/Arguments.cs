namespace SafetySdk.Native;

/// <summary>Judges what a caller passed; every failure is a <see cref="NativeCallException"/>.</summary>
internal static unsafe class Arguments
{
    /// <summary>A structure of the caller, in full: members that its header did not know yet are zero. A later header may make it longer;
    /// this library then reads the part it knows.</summary>
    /// <param name="given">The structure; starts with its size.</param>
    /// <param name="first">Its size in the first header that had it.</param>
    /// <param name="name">Name of the argument.</param>
    public static T Read<T>(T* given, int first, string name)
        where T : unmanaged
    {
        Sized(given, first, name);
        T known = default;
        Buffer.MemoryCopy(given, &known, sizeof(T), (long)Math.Min(*(nuint*)given, (nuint)sizeof(T)));
        return known;
    }

    /// <summary>As <see cref="Read"/>, for a structure that is only written.</summary>
    public static void Sized(void* given, int first, string name)
    {
        NotNull(given, name);
        nuint size = *(nuint*)given;
        if (size < (nuint)first)
        {
            throw new NativeCallException(
                Status.InvalidArgument, $"{name}: struct_size is {size}, at least {first} is expected; use the _INIT macro.");
        }
    }

    public static void NotNull(void* pointer, string name)
    {
        if (pointer is null)
        {
            throw new NativeCallException(Status.InvalidArgument, $"{name} is null.");
        }
    }

    /// <summary>The member that an enum of C names by its number.</summary>
    public static T Member<T>(T[] members, int value, string name)
        => value >= 0 && value < members.Length
            ? members[value]
            : throw new NativeCallException(Status.InvalidArgument, $"{name}: there is no value {value}.");

    /// <summary>An item of a list of the library.</summary>
    public static T Item<T>(IReadOnlyList<T> items, nuint index, string name)
        => index < (nuint)items.Count
            ? items[(int)index]
            : throw new NativeCallException(Status.InvalidArgument, $"{name}: there is no number {index}, there are {items.Count}.");

    /// <summary>What is behind a handle, for objects that nothing has to be done for when they go.</summary>
    public static T Object<T>(nint handle, string name)
        where T : class
        => HandleTable.Get<T>(handle) ?? throw BadHandle(name);

    /// <summary>What is behind a handle, kept until the use is disposed.</summary>
    public static Use<T> Enter<T>(nint handle, string name)
        where T : SharedResource
    {
        T value = Object<T>(handle, name);
        return value.TryEnter() ? new Use<T>(value) : throw BadHandle(name);
    }

    /// <summary>Takes a handle out of the table. Null is no handle and nothing to do.</summary>
    public static Status Free<T>(nint handle, string name)
        where T : class
    {
        if (handle != 0)
        {
            T value = HandleTable.Remove<T>(handle) ?? throw BadHandle(name);
            (value as IDisposable)?.Dispose();
        }

        return Status.Ok;
    }

    private static NativeCallException BadHandle(string name) => new(Status.InvalidHandle, $"{name}: not a live handle of this type.");
}
