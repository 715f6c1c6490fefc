namespace SafetySdk.Classification;

/// <summary>Why a model cannot be used.</summary>
public enum ModelError
{
    /// <summary>A file is missing.</summary>
    Missing,

    /// <summary>A file is not the one its manifest names: wrong digest, truncated, unreadable.</summary>
    Damaged,

    /// <summary>The model does not fit what its manifest says of it.</summary>
    Mismatch,

    /// <summary>The native inference library is missing or refuses to load.</summary>
    RuntimeMissing,
}

/// <summary>A model cannot be used. The message names the model, the file and the command that obtains it.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ModelException(ModelError error, string model, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        Model = model;
    }

    /// <summary>Why the model cannot be used.</summary>
    public ModelError Error { get; }

    /// <summary>Name of the model.</summary>
    public string Model { get; }
}
