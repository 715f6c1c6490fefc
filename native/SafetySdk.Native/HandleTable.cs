namespace SafetySdk.Native;

/// <summary>
/// Gives out numbers instead of addresses, so that a stale, foreign or invented handle is found out and never followed.
/// A number is used once: slot and generation in one value, which is never 0.
/// </summary>
internal static class HandleTable
{
    private static readonly Lock Gate = new();
    private static readonly List<(uint Generation, object? Value)> Slots = [];
    private static readonly Stack<int> Free = [];

    public static int Live
    {
        get
        {
            lock (Gate)
            {
                return Slots.Count - Free.Count;
            }
        }
    }

    public static nint Add(object value)
    {
        lock (Gate)
        {
            if (!Free.TryPop(out int index))
            {
                index = Slots.Count;
                Slots.Add((0, null));
            }

            uint generation = Slots[index].Generation + 1;
            Slots[index] = (generation, value);
            return (nint)(((ulong)generation << 32) | (uint)(index + 1));
        }
    }

    /// <summary>The object behind a handle, or null where the handle is stale, foreign or of another type.</summary>
    public static T? Get<T>(nint handle)
        where T : class
    {
        lock (Gate)
        {
            return TryIndex(handle, out int index) ? Slots[index].Value as T : null;
        }
    }

    /// <summary>Takes the object out; null where the handle is stale, foreign or of another type.</summary>
    public static T? Remove<T>(nint handle)
        where T : class
    {
        lock (Gate)
        {
            if (!TryIndex(handle, out int index) || Slots[index].Value is not T value)
            {
                return null;
            }

            Slots[index] = (Slots[index].Generation, null);
            Free.Push(index);
            return value;
        }
    }

    private static bool TryIndex(nint handle, out int index)
    {
        ulong value = (ulong)handle;
        index = (int)(uint)value - 1;
        return index >= 0 && index < Slots.Count && Slots[index].Generation == (uint)(value >> 32) && Slots[index].Value is not null;
    }
}
