using Microsoft.Extensions.DependencyInjection.Extensions;
using SafetySdk.Evidence;
using SafetySdk.Reporting;
using SafetySdk.Reports.CyberTipline;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what keeps evidence and files reports.</summary>
public static class ReportingSafetyBuilderExtensions
{
    /// <summary>Registers an <see cref="EvidenceVault"/> over a storage and keys of the host.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="storage">Creates the storage; disposed with the services where it is disposable.</param>
    /// <param name="keys">Creates the keys; disposed with the services where they are disposable.</param>
    /// <param name="options">Options of the vault; null for the defaults.</param>
    public static ISafetyBuilder AddEvidenceVault(
        this ISafetyBuilder builder,
        Func<IServiceProvider, IEvidenceStorage> storage,
        Func<IServiceProvider, IEvidenceKeys> keys,
        EvidenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(keys);
        builder.Services.TryAddSingleton(storage);
        builder.Services.TryAddSingleton(keys);
        builder.Services.TryAddSingleton(provider => new EvidenceVault(
            provider.GetRequiredService<IEvidenceStorage>(),
            provider.GetRequiredService<IEvidenceKeys>(),
            options,
            provider.GetService<TimeProvider>()));
        return builder;
    }

    /// <summary>
    /// Registers a <see cref="CyberTipSender"/> for the reports of the outbox, with its <see cref="CyberTiplineClient"/> and the files of the
    /// registered <see cref="EvidenceVault"/>, where there is one. Needs an <see cref="ICyberTipSource"/> of the host, and
    /// <c>AddRecording</c> for outbox and pump.
    /// </summary>
    /// <remarks>
    /// Nothing is sent by that: run the <see cref="ReportPump"/> in a background service of the host,
    /// <c>protected override Task ExecuteAsync(CancellationToken stop) =&gt; pump.RunAsync(cancellationToken: stop);</c>.
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="tipline">Where and how reports are filed.</param>
    /// <param name="options">Options of the sender; null for the defaults.</param>
    /// <param name="kind">The kind of report in the outbox.</param>
    /// <exception cref="ArgumentException">The kind is empty. A wrong address is one when the sender is resolved.</exception>
    public static ISafetyBuilder AddCyberTipline(
        this ISafetyBuilder builder,
        CyberTiplineOptions tipline,
        CyberTipSenderOptions? options = null,
        string kind = CyberTipSender.DefaultKind)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(tipline);
        ArgumentException.ThrowIfNullOrEmpty(kind);
        builder.Services.TryAddSingleton(provider => new CyberTiplineClient(tipline, provider.GetService<TimeProvider>()));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IReportSender, CyberTipSender>(provider => new CyberTipSender(
            provider.GetRequiredService<CyberTiplineClient>(),
            provider.GetRequiredService<ICyberTipSource>(),
            provider.GetService<EvidenceVault>(),
            options,
            provider.GetService<TimeProvider>(),
            kind)));
        return builder;
    }
}
