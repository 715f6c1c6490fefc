using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Pipeline;
using SafetySdk.Reporting;
using SafetySdk.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what records verdicts and sends reports.</summary>
public static class StorageSafetyBuilderExtensions
{
    /// <summary>
    /// Registers a <see cref="VerdictRecorder"/> and its <see cref="AccountRegister"/>, <see cref="ReportOutbox"/>,
    /// <see cref="UserReportRegister"/> and <see cref="ReportPump"/> over the registered <see cref="ISafetyStore"/>; where none is registered before, over one in memory. Every
    /// verdict of the pipeline is recorded from then on; one that cannot be is not allowed.
    /// </summary>
    /// <remarks>
    /// Accounts are looked up before a check from then on (<see cref="AccountLookup"/>), unless <see cref="PipelineOptions.LooksUpAccounts"/>
    /// is false or another <see cref="IAccountLookup"/> is registered before. Reports are not sent by themselves: start
    /// <see cref="ReportPump.RunAsync"/> in a background service of the host.
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="digestKey">
    /// Key of the digests in the audit log, at least <see cref="InputDigester.MinKeyBytes"/> bytes; copied. Empty for one that is made up
    /// and forgotten with the process: digests of two runs then cannot be compared.
    /// </param>
    /// <param name="options">Options of the recorder; null for the defaults.</param>
    /// <param name="outbox">Options of the outbox; null for the defaults.</param>
    /// <exception cref="ArgumentException">The key is too short.</exception>
    public static ISafetyBuilder AddRecording(
        this ISafetyBuilder builder, ReadOnlySpan<byte> digestKey, RecorderOptions? options = null, OutboxOptions? outbox = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        InputDigester digester = digestKey.IsEmpty ? InputDigester.Ephemeral() : new InputDigester(digestKey);
        IServiceCollection services = builder.Services;
        services.TryAddSingleton<ISafetyStore>(_ => new InMemorySafetyStore());
        services.TryAddSingleton(digester);
        services.TryAddSingleton(provider => new VerdictRecorder(
            provider.GetRequiredService<ISafetyStore>(), digester, options, outbox, provider.GetService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISafetyRecorder, PipelineRecorder>());
        services.TryAddSingleton<IAccountLookup>(provider => new AccountLookup(
            provider.GetRequiredService<ISafetyStore>(), options?.Rules, provider.GetService<TimeProvider>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<VerdictRecorder>().Accounts);
        services.TryAddSingleton(provider => provider.GetRequiredService<VerdictRecorder>().Outbox);
        services.TryAddSingleton(provider => provider.GetRequiredService<VerdictRecorder>().UserReports);
        services.TryAddSingleton(provider => new ReportPump(
            provider.GetRequiredService<ReportOutbox>(), provider.GetServices<IReportSender>(), time: provider.GetService<TimeProvider>()));
        return builder;
    }
}
