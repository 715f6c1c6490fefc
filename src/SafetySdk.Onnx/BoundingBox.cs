using SafetySdk.Classification;

namespace SafetySdk.Onnx;

/// <summary>A rectangle by its edges.</summary>
internal readonly record struct BoundingBox(float Left, float Top, float Right, float Bottom)
{
    /// <summary>Area; 0 where the edges are crossed.</summary>
    public float Area => Right > Left && Bottom > Top ? (Right - Left) * (Bottom - Top) : 0;

    /// <summary>Intersection over union, 0 to 1; 0 where either box is empty.</summary>
    public float Overlap(BoundingBox other)
    {
        float a = Area;
        float b = other.Area;
        if (a <= 0 || b <= 0)
        {
            return 0;
        }

        float width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
        float height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        if (width <= 0 || height <= 0)
        {
            return 0;
        }

        float common = width * height;
        return common / (a + b - common);
    }

    /// <summary>As a region.</summary>
    public ImageRegion ToRegion() => new(Left, Top, Right - Left, Bottom - Top);
}

/// <summary>A detection before it is given to the outside.</summary>
/// <param name="Box">Where.</param>
/// <param name="Score">How sure, 0 to 1.</param>
/// <param name="Class">Class index.</param>
/// <param name="Source">Anchor or cell it came from.</param>
internal readonly record struct Detection(BoundingBox Box, float Score, int Class, int Source);

/// <summary>Greedy non-maximum suppression.</summary>
internal static class NonMaximumSuppression
{
    /// <summary>
    /// Sorts by descending score (ties by source, so that the result does not depend on the order given) and keeps a detection unless a kept
    /// one of its class overlaps it by more than <paramref name="threshold"/>.
    /// </summary>
    /// <param name="candidates">Sorted in place.</param>
    /// <param name="threshold">Greatest intersection over union that both survive.</param>
    /// <param name="limit">Only the strongest candidates up to this number take part, which bounds the time on hostile pictures.</param>
    public static List<Detection> Suppress(List<Detection> candidates, float threshold, int limit)
    {
        candidates.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Source.CompareTo(b.Source));
        var kept = new List<Detection>();
        for (int i = 0; i < Math.Min(limit, candidates.Count); i++)
        {
            Detection candidate = candidates[i];
            bool suppressed = false;
            foreach (Detection k in kept)
            {
                if (k.Class == candidate.Class && k.Box.Overlap(candidate.Box) > threshold)
                {
                    suppressed = true;
                    break;
                }
            }

            if (!suppressed)
            {
                kept.Add(candidate);
            }
        }

        return kept;
    }
}
