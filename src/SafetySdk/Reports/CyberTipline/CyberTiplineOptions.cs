using System.Net.Http.Headers;
using System.Text;

namespace SafetySdk.Reports.CyberTipline;

/// <summary>User and password of a reporter.</summary>
/// <param name="User">User.</param>
/// <param name="Password">Password.</param>
public sealed record CyberTiplineCredentials(string User, string Password)
{
    /// <summary>Tells nothing.</summary>
    public override string ToString() => nameof(CyberTiplineCredentials);

    internal AuthenticationHeaderValue Header()
        => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
}

/// <summary>Where and how reports are filed.</summary>
public sealed record CyberTiplineOptions
{
    /// <summary>The address of the real CyberTipline.</summary>
    public static Uri Production { get; } = new("https://report.cybertip.org/ispws/");

    /// <summary>The address of its test system. Nothing that is sent there is a report.</summary>
    public static Uri Test { get; } = new("https://exttest.cybertip.org/ispws/");

    /// <summary>Base address: https, or http on this machine. There is no default, so that nobody files tests, or tests reports.</summary>
    public required Uri Address { get; init; }

    /// <summary>Gives user and password; asked for each call, so that they can change and need not lie about.</summary>
    public required Func<CancellationToken, ValueTask<CyberTiplineCredentials>> Credentials { get; init; }

    /// <summary>How long a call without a file may take. Default 30 seconds.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the upload of a file may take. Default 5 minutes; the pump renews the outbox's lease meanwhile.</summary>
    public TimeSpan UploadTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Says the host only.</summary>
    public override string ToString() => $"{nameof(CyberTiplineOptions)} {{ {Address?.Host} }}";

    internal Uri Base()
    {
        if (!Uri.TryCreate(Address?.AbsoluteUri.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) || address.UserInfo.Length > 0
            || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
        {
            throw new ArgumentException("The CyberTipline's address must be https, without credentials in it.", nameof(Address));
        }

        ArgumentNullException.ThrowIfNull(Credentials);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CallTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(UploadTimeout, TimeSpan.Zero);
        return address;
    }
}
