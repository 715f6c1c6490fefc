namespace SafetySdk.Accounts;

/// <summary>Why an account could not be changed.</summary>
public enum AccountError
{
    /// <summary>The account has no such change of standing.</summary>
    NoSuchChange,

    /// <summary>There is no such appeal.</summary>
    NoSuchAppeal,

    /// <summary>The change is appealed already, or the appeal is decided already.</summary>
    AlreadyDecided,

    /// <summary>Somebody else reviews the appeal.</summary>
    UnderReview,
}

/// <summary>An account could not be changed; nothing was. The message names no account.</summary>
public sealed class AccountException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">What happened and what to do.</param>
    public AccountException(AccountError error, string message)
        : base(message)
        => Error = error;

    /// <summary>Why.</summary>
    public AccountError Error { get; }
}
