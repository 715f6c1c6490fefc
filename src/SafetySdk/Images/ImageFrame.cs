namespace SafetySdk.Images;

/// <summary>What becomes of a frame's place before the next one is drawn.</summary>
public enum FrameDisposal
{
    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It becomes transparent.</summary>
    Clear,

    /// <summary>It becomes what it was before the frame.</summary>
    Restore,
}

/// <summary>Place of an animation's frame on the canvas.</summary>
/// <param name="Left">Pixels from the left.</param>
/// <param name="Top">Pixels from the top.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Disposal">What becomes of it.</param>
public readonly record struct ImageFrame(int Left, int Top, int Width, int Height, FrameDisposal Disposal);
