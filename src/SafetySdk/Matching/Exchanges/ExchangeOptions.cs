using System.Text.Json;

namespace SafetySdk.Matching.Exchanges;

/// <summary>The exchanges that can be pulled.</summary>
public enum ExchangeKind
{
    /// <summary>NCMEC hash sharing v2. Credentials: <c>user</c>, <c>password</c>.</summary>
    Ncmec,

    /// <summary>StopNCII v1. Credentials: <c>functions_key</c>, <c>subscription_key</c>.</summary>
    StopNcii,

    /// <summary>Tech Against Terrorism. Credentials: <c>user</c>, <c>password</c>.</summary>
    TechAgainstTerrorism,
}

/// <summary>How an exchange is pulled.</summary>
public sealed class ExchangeOptions
{
    private const int MaxConfigBytes = 64 * 1024;
    private const int MaxSecretBytes = 4096;

    private readonly Dictionary<string, string> _settings;

    private ExchangeOptions(ExchangeKind kind, Uri url, DateTimeOffset from, int pageSize, Dictionary<string, string> settings)
        => (Kind, Url, From, PageSize, _settings) = (kind, url, from, pageSize, settings);

    /// <summary>The exchange.</summary>
    public ExchangeKind Kind { get; }

    /// <summary>Its base address; https, or http on this machine.</summary>
    public Uri Url { get; }

    /// <summary>Where the first pull begins.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Records asked for at a time, 1 to 5,000.</summary>
    public int PageSize { get; }

    /// <summary>First pause after a failure; it doubles each time. Tests shorten it.</summary>
    internal TimeSpan BackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Name in messages and records.</summary>
    internal string Name => NameOf(Kind);

    /// <summary>
    /// Reads a configuration: a JSON object with <c>url</c>, <c>from</c> and <c>page_size</c> where wanted, and for each credential
    /// <c>NAME_env</c> (an environment variable) or <c>NAME_file</c> (a file, relative to the configuration).
    /// </summary>
    /// <param name="kind">The exchange.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ExchangeException">It cannot be read or used.</exception>
    public static ExchangeOptions Load(ExchangeKind kind, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Parse(kind, Bounded(path, MaxConfigBytes), Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Bad(kind, "the configuration cannot be read, or is too large.");
        }
    }

    /// <summary>Reads a configuration from its bytes.</summary>
    internal static ExchangeOptions Parse(ExchangeKind kind, ReadOnlyMemory<byte> json, string folder, TimeSpan? backOff = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["folder"] = folder };
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                settings[property.Name] = property.Value.ValueKind == JsonValueKind.Number ? property.Value.GetRawText() : property.Value.GetString()!;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Bad(kind, "the configuration is not a JSON object of texts and numbers.");
        }

        string? url = settings.GetValueOrDefault("url") ?? (kind == ExchangeKind.StopNcii ? "https://api.stopncii.org/" : null);
        if (!Uri.TryCreate(url?.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) || address.UserInfo.Length > 0
            || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
        {
            throw Bad(kind, "url must be an https address without credentials.");
        }

        DateTimeOffset from = DateTimeOffset.UnixEpoch;
        if (settings.TryGetValue("from", out string? start) && !DateTimeOffset.TryParse(
            start, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out from))
        {
            throw Bad(kind, "from is not a time.");
        }

        int size = kind == ExchangeKind.StopNcii ? 800 : 1000;
        if (settings.TryGetValue("page_size", out string? given) && (!int.TryParse(given, out size) || size is < 1 or > 5000))
        {
            throw Bad(kind, "page_size is not 1 to 5000.");
        }

        return new ExchangeOptions(kind, address, from, size, settings) { BackOff = backOff ?? TimeSpan.FromSeconds(1) };
    }

    /// <summary>The name of an exchange on the command line.</summary>
    internal static string NameOf(ExchangeKind kind) => kind switch
    {
        ExchangeKind.Ncmec => "ncmec",
        ExchangeKind.StopNcii => "stopncii",
        ExchangeKind.TechAgainstTerrorism => "tat",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>A credential, read anew each time so that it can be changed and does not lie about.</summary>
    internal string Credential(string name)
    {
        string? value = null;
        if (_settings.TryGetValue(name + "_env", out string? variable))
        {
            value = Environment.GetEnvironmentVariable(variable);
        }
        else if (_settings.TryGetValue(name + "_file", out string? file))
        {
            try
            {
                value = System.Text.Encoding.UTF8.GetString(Bounded(Path.Combine(_settings["folder"], file), MaxSecretBytes)).Trim();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Bad(Kind, $"the file that {name}_file names cannot be read.");
            }
        }

        return !string.IsNullOrEmpty(value) && !value.Any(char.IsControl)
            ? value
            : throw Bad(Kind, $"no credential: set {name}_env to an environment variable that is set, or {name}_file to a file.");
    }

    private static byte[] Bounded(string path, int most)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] bytes = new byte[most + 1];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read <= most ? bytes[..read] : throw new IOException("too large");
    }

    private static ExchangeException Bad(ExchangeKind kind, string reason) => new(ExchangeError.Configuration, NameOf(kind), reason);
}
