using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk.Storage;
using SafetySdk.Storage.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the SQLite store.</summary>
public static class SqliteSafetyBuilderExtensions
{
    /// <summary>
    /// Keeps accounts, audit log and reports in a SQLite file. The file is opened when the store is first resolved, which then throws
    /// <see cref="StorageException"/>; resolve it at start-up so that a service without its records does not start.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">Options; null for the defaults.</param>
    public static ISafetyBuilder AddSqliteStore(this ISafetyBuilder builder, string path, SqliteStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        builder.Services.TryAddSingleton<ISafetyStore>(_ => SqliteSafetyStore.Open(path, options));
        return builder;
    }
}
