using System.Buffers.Binary;

namespace SafetySdk.Images;

public static partial class ImageHeaderReader
{
    // ISO/IEC 14496-12 (boxes of size, type, content), 23008-12 (items and their properties) and the AVIF specification.
    private static bool IsAvif(ReadOnlySpan<byte> encoded)
    {
        // The file type box: its own size, "ftyp", the major brand, a version, then the brands that it is compatible with.
        if (encoded.Length < 16 || !encoded[4..].StartsWith("ftyp"u8))
        {
            return false;
        }

        uint declared = BinaryPrimitives.ReadUInt32BigEndian(encoded);
        ReadOnlySpan<byte> brands = encoded[8..(int)Math.Clamp(declared, 16, (uint)Math.Min(encoded.Length, 1024))];
        for (int i = 0; brands.Length - i >= 4; i += i == 0 ? 8 : 4)
        {
            if (brands[i..].StartsWith("avif"u8) || brands[i..].StartsWith("avis"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static ImageHeader ReadAvif(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        ReadOnlySpan<byte> meta = default;
        bool hasMeta = false, hasData = false, cut = false;
        int frames = 1, position = 0;
        long end = -1;
        while (true)
        {
            int start = position;
            BoxResult found = NextBox(encoded, ref position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content);
            if (found == BoxResult.None || !IsTopLevel(type))
            {
                // What is no box is not part of the picture, but then the picture must be there.
                end = hasMeta && hasData ? start : -1;
                break;
            }

            if (found == BoxResult.Cut)
            {
                cut = true;
                break;
            }

            if (type.SequenceEqual("meta"u8) && !hasMeta)
            {
                hasMeta = true;
                meta = content.Length >= 4 ? content[4..] : throw Corrupt("The AVIF's meta box is too short.");
                hasData |= FindBox(meta, "idat"u8, out _);
            }
            else if (type.SequenceEqual("mdat"u8))
            {
                hasData = true;
            }
            else if (type.SequenceEqual("moov"u8))
            {
                frames = Math.Max(frames, SamplesOfFirstTrack(content));
            }
        }

        if (!hasMeta)
        {
            throw cut || position >= encoded.Length
                ? TruncatedHeader(ImageFormat.Avif, encoded.Length)
                : Corrupt("The AVIF has no meta box.");
        }

        return ReadAvifItem(meta, limits) with { Frames = frames, EndPosition = end };
    }

    private static ImageHeader ReadAvifItem(ReadOnlySpan<byte> meta, ImageLimits limits)
    {
        if (!FindBox(meta, "pitm"u8, out ReadOnlySpan<byte> primary) || primary.Length < 6
            || !FindBox(meta, "iprp"u8, out ReadOnlySpan<byte> properties)
            || !FindBox(properties, "ipco"u8, out ReadOnlySpan<byte> container)
            || !FindBox(properties, "ipma"u8, out ReadOnlySpan<byte> associations))
        {
            throw Corrupt("The AVIF does not say which picture is meant or what its properties are.");
        }

        RefuseOtherCodecs(meta);
        uint item = primary[0] == 0 || primary.Length < 8
            ? BinaryPrimitives.ReadUInt16BigEndian(primary[4..])
            : BinaryPrimitives.ReadUInt32BigEndian(primary[4..]);
        long width = 0, height = 0, profile = 0;
        int depth = 8, channels = 3;
        var turn = Turn.None;
        for (int i = 0; PropertyOf(associations, item, i) is int index; i++)
        {
            if (index == 0)
            {
                continue;
            }

            if (!PropertyAt(container, index, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> value))
            {
                throw Corrupt($"The AVIF names a property {index} that it does not have.");
            }

            if (type.SequenceEqual("ispe"u8) && value.Length >= 12 && width == 0)
            {
                width = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
                height = BinaryPrimitives.ReadUInt32BigEndian(value[8..]);
            }
            else if (type.SequenceEqual("av1C"u8) && value.Length >= 4)
            {
                // high_bitdepth, twelve_bit, monochrome.
                depth = (value[2] & 0x40) == 0 ? 8 : (value[2] & 0x20) == 0 ? 10 : 12;
                channels = (value[2] & 0x10) == 0 ? 3 : 1;
            }
            else if (type.SequenceEqual("colr"u8) && (value.StartsWith("prof"u8) || value.StartsWith("rICC"u8)))
            {
                profile += Math.Max(1, value.Length - 4);
            }
            else if (type.SequenceEqual("irot"u8) && value.Length >= 1)
            {
                turn = turn.Rotated(value[0] & 3);
            }
            else if (type.SequenceEqual("imir"u8) && value.Length >= 1)
            {
                turn = turn.Mirrored(leftAndRight: (value[0] & 1) != 0);
            }
            else if (type.SequenceEqual("clap"u8))
            {
                // A viewer shows the part only; a decoder that is told not to turn gives the whole.
                throw new ImageException(ImageError.Unsupported, "An AVIF with a clean aperture (clap) is not read.");
            }
        }

        JudgeSize(width, height, needsWholePicture: true, limits);
        bool alpha = HasAlphaPlane(container);
        return new ImageHeader
        {
            Format = ImageFormat.Avif,
            StoredWidth = (int)width,
            StoredHeight = (int)height,
            FirstFrame = (0, 0, (int)width, (int)height),
            Orientation = turn.Orientation,
            Channels = channels + (alpha ? 1 : 0),
            BitDepth = depth,
            HasAlpha = alpha,
            ProfileBytes = profile,
            NeedsWholePicture = true,
            EndPosition = -1,
        };
    }

    // HEIC and others use the same container, with coded items of another type.
    private static void RefuseOtherCodecs(ReadOnlySpan<byte> meta)
    {
        if (!FindBox(meta, "iinf"u8, out ReadOnlySpan<byte> items) || items.Length < 6)
        {
            throw Corrupt("The AVIF lists no items.");
        }

        ReadOnlySpan<byte> entries = items[(items[0] == 0 ? 6 : Math.Min(8, items.Length))..];
        int position = 0;
        while (NextBox(entries, ref position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> entry) == BoxResult.Whole)
        {
            // Version 2: a 2-byte item number, version 3: 4 bytes; then 2 bytes of protection and the type.
            int at = entry.Length > 0 && entry[0] == 3 ? 10 : 8;
            if (!type.SequenceEqual("infe"u8) || entry.Length < at + 4)
            {
                throw Corrupt("The AVIF's list of items holds something else.");
            }

            ReadOnlySpan<byte> kind = entry.Slice(at, 4);
            if (!kind.SequenceEqual("av01"u8) && !kind.SequenceEqual("grid"u8) && !kind.SequenceEqual("Exif"u8) && !kind.SequenceEqual("mime"u8))
            {
                throw new ImageException(ImageError.Unsupported, "The container holds items that are not coded as AV1; only AVIF is read.");
            }
        }
    }

    // The n-th property number of an item; null behind the last, 0 for "no property".
    private static int? PropertyOf(ReadOnlySpan<byte> associations, uint item, int n)
    {
        if (associations.Length < 8)
        {
            return null;
        }

        bool wideItems = associations[0] != 0, wideProperties = (associations[3] & 1) != 0;
        uint entries = BinaryPrimitives.ReadUInt32BigEndian(associations[4..]);
        ReadOnlySpan<byte> rest = associations[8..];
        int head = wideItems ? 5 : 3, size = wideProperties ? 2 : 1;
        for (uint i = 0; i < entries && rest.Length >= head; i++)
        {
            uint number = wideItems ? BinaryPrimitives.ReadUInt32BigEndian(rest) : BinaryPrimitives.ReadUInt16BigEndian(rest);
            int count = rest[head - 1];
            rest = rest[head..];
            if (rest.Length < count * size)
            {
                return null;
            }

            if (number == item)
            {
                return n >= count ? null
                    : wideProperties ? BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * n)..]) & 0x7FFF
                    : rest[n] & 0x7F;
            }

            rest = rest[(count * size)..];
        }

        return null;
    }

    private static bool PropertyAt(ReadOnlySpan<byte> container, int index, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> value)
    {
        int position = 0;
        type = value = default;
        for (int i = 0; i < index; i++)
        {
            if (NextBox(container, ref position, out type, out value) != BoxResult.Whole)
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasAlphaPlane(ReadOnlySpan<byte> container)
    {
        int position = 0;
        while (NextBox(container, ref position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> value) == BoxResult.Whole)
        {
            if (type.SequenceEqual("auxC"u8) && value.Length > 4
                && (value[4..].StartsWith("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"u8) || value[4..].StartsWith("urn:mpeg:hevc:2015:auxid:1"u8)))
            {
                return true;
            }
        }

        return false;
    }

    private static int SamplesOfFirstTrack(ReadOnlySpan<byte> movie)
        => FindBox(movie, "trak"u8, out ReadOnlySpan<byte> track)
            && FindBox(track, "mdia"u8, out ReadOnlySpan<byte> media)
            && FindBox(media, "minf"u8, out ReadOnlySpan<byte> information)
            && FindBox(information, "stbl"u8, out ReadOnlySpan<byte> table)
            && FindBox(table, "stsz"u8, out ReadOnlySpan<byte> sizes)
            && sizes.Length >= 12
            ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(sizes[8..]), int.MaxValue)
            : 1;

    private static bool FindBox(ReadOnlySpan<byte> data, scoped ReadOnlySpan<byte> wanted, out ReadOnlySpan<byte> content)
    {
        int position = 0;
        while (NextBox(data, ref position, out ReadOnlySpan<byte> type, out content) == BoxResult.Whole)
        {
            if (type.SequenceEqual(wanted))
            {
                return true;
            }
        }

        content = default;
        return false;
    }

    // Moves behind a whole box; a size of 0 means up to the end, 1 that 8 bytes of size follow the type.
    private static BoxResult NextBox(ReadOnlySpan<byte> data, scoped ref int position, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        type = content = default;
        ReadOnlySpan<byte> rest = data[position..];
        if (rest.Length < 8)
        {
            return BoxResult.None;
        }

        ulong size = BinaryPrimitives.ReadUInt32BigEndian(rest);
        type = rest.Slice(4, 4);
        int head = 8;
        if (size == 1)
        {
            head = 16;
            size = rest.Length >= 16 ? BinaryPrimitives.ReadUInt64BigEndian(rest[8..]) : ulong.MaxValue;
        }
        else if (size == 0)
        {
            size = (ulong)rest.Length;
        }

        if (size > (ulong)rest.Length)
        {
            return BoxResult.Cut;
        }

        if (size < (ulong)head)
        {
            return BoxResult.None;
        }

        content = rest[head..(int)size];
        position += (int)size;
        return BoxResult.Whole;
    }

    private static bool IsTopLevel(ReadOnlySpan<byte> type)
        => type.SequenceEqual("ftyp"u8) || type.SequenceEqual("meta"u8) || type.SequenceEqual("mdat"u8) || type.SequenceEqual("moov"u8)
            || type.SequenceEqual("free"u8) || type.SequenceEqual("skip"u8) || type.SequenceEqual("uuid"u8);

    private enum BoxResult
    {
        /// <summary>No box.</summary>
        None,

        /// <summary>A box that goes beyond the data.</summary>
        Cut,

        /// <summary>A box.</summary>
        Whole,
    }

    // What turns and mirrors have done so far: where the displayed axes come from.
    private readonly record struct Turn(bool Swapped, bool XReversed, bool YReversed)
    {
        public static Turn None => default;

        public int Orientation => (Swapped, XReversed, YReversed) switch
        {
            (false, false, false) => 1,
            (false, true, false) => 2,
            (false, true, true) => 3,
            (false, false, true) => 4,
            (true, false, false) => 5,
            (true, true, false) => 6,
            (true, true, true) => 7,
            (true, false, true) => 8,
        };

        // Counter-clockwise by quarters: each time the displayed x comes from the former y, and the displayed y from the former x reversed.
        public Turn Rotated(int quarters)
        {
            Turn turn = this;
            for (int i = 0; i < quarters; i++)
            {
                turn = new Turn(!turn.Swapped, turn.YReversed, !turn.XReversed);
            }

            return turn;
        }

        public Turn Mirrored(bool leftAndRight)
            => leftAndRight ? this with { XReversed = !XReversed } : this with { YReversed = !YReversed };
    }
}
