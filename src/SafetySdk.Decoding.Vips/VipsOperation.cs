namespace SafetySdk.Decoding.Vips;

/// <summary>An operation of libvips while its arguments are set. Used up by <see cref="Run"/>, on one thread.</summary>
internal readonly unsafe ref struct VipsOperation
{
    // GType numbers of GLib's fundamental types.
    private const nuint BooleanType = 5 << 2, IntType = 6 << 2, StringType = 16 << 2;

    private readonly VipsLibrary _vips;
    private readonly nint _operation;

    /// <param name="vips">The library.</param>
    /// <param name="name">Class or nickname, zero-terminated.</param>
    public VipsOperation(VipsLibrary vips, byte* name)
    {
        _vips = vips;
        _operation = vips.OperationNew(name);
    }

    /// <summary>Whether the library has the operation.</summary>
    public bool Exists => _operation != 0;

    /// <summary>Sets an argument that is a block of memory; the memory must stay where it is until the result is released.</summary>
    public void SetBlob(ReadOnlySpan<byte> name, byte* data, int length)
    {
        nint blob = _vips.BlobNew(0, data, (nuint)length);
        GValue value = default;
        _vips.ValueInit(&value, _vips.BlobType);
        _vips.ValueSetBoxed(&value, blob);
        Set(name, &value);
        _vips.AreaUnref(blob);
    }

    public void SetEnum(ReadOnlySpan<byte> name, nuint type, int number)
    {
        GValue value = default;
        _vips.ValueInit(&value, type);
        _vips.ValueSetEnum(&value, number);
        Set(name, &value);
    }

    public void SetInt(ReadOnlySpan<byte> name, int number)
    {
        GValue value = default;
        _vips.ValueInit(&value, IntType);
        _vips.ValueSetInt(&value, number);
        Set(name, &value);
    }

    public void SetBoolean(ReadOnlySpan<byte> name, bool state)
    {
        GValue value = default;
        _vips.ValueInit(&value, BooleanType);
        _vips.ValueSetBoolean(&value, state ? 1 : 0);
        Set(name, &value);
    }

    public void SetString(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        GValue value = default;
        _vips.ValueInit(&value, StringType);
        fixed (byte* start = text)
        {
            _vips.ValueSetString(&value, start);
        }

        Set(name, &value);
    }

    public void SetImage(ReadOnlySpan<byte> name, nint image)
    {
        GValue value = default;
        _vips.ValueInit(&value, _vips.ImageType);
        _vips.ValueSetObject(&value, image);
        Set(name, &value);
    }

    /// <summary>Builds the operation and gives its image "out", which the caller unreferences; 0 where it refuses.</summary>
    public nint Run()
    {
        nint built = _vips.CacheOperationBuild(_operation);
        if (built == 0)
        {
            _vips.ObjectUnrefOutputs(_operation);
            _vips.ObjectUnref(_operation);
            return 0;
        }

        _vips.ObjectUnref(_operation);
        GValue value = default;
        _vips.ValueInit(&value, _vips.ImageType);
        fixed (byte* name = "out"u8)
        {
            _vips.ObjectGetProperty(built, name, &value);
        }

        nint image = _vips.ObjectRef(_vips.ValueGetObject(&value));
        _vips.ValueUnset(&value);
        _vips.ObjectUnrefOutputs(built);
        _vips.ObjectUnref(built);
        return image;
    }

    // Literals in UTF-8 are followed by a zero.
    private void Set(ReadOnlySpan<byte> name, GValue* value)
    {
        fixed (byte* text = name)
        {
            _vips.ObjectSetProperty(_operation, text, value);
        }

        _vips.ValueUnset(value);
    }
}
