using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk.Storage;
using SafetySdk.Storage.Postgres;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the PostgreSQL store.</summary>
public static class PostgresSafetyBuilderExtensions
{
    /// <summary>
    /// Keeps accounts, audit log and reports in a PostgreSQL database, shared by all hosts that name the same one. It is opened when the
    /// store is first resolved, which then throws <see cref="StorageException"/>; resolve it at start-up so that a service without its
    /// records does not start.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="connectionString">Where it is, as Npgsql reads it.</param>
    /// <param name="options">Options; null for the defaults.</param>
    public static ISafetyBuilder AddPostgresStore(
        this ISafetyBuilder builder, string connectionString, PostgresStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        builder.Services.TryAddSingleton<ISafetyStore>(_ => PostgresSafetyStore.Open(connectionString, options));
        return builder;
    }
}
