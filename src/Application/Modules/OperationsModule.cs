using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Import;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.Operations;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Modules;

/// <summary>Running the app: where it is reached, what it connects to, its health, recovery, and the description of the API.</summary>
internal static class OperationsModule
{
    public static Module Declaration { get; } = new(AppModule.Operations)
    {
        Capabilities = ["Backups", "Health", "Http", "Import", "OpenApi", "Operations", "Permissions", "Telemetry"],
        Settings =
        [
            // First, as other sections read PUBLIC_URL too.
            SettingsSection.Of("Address and host", HostingSettings.From),
            SettingsSection.Of("Modules", ServedModules.From),
            SettingsSection.Of("Databases", settings => DatabaseSettings.From(settings, AppModules.All.SelectMany(module => module.Databases))),
            SettingsSection.Of("Object storage", StorageSettings.From),
            SettingsSection.Of("Backups", BackupSettings.From),
            SettingsSection.Of("Operations", settings => OperationsSettings.From(settings, [.. AppModules.All.SelectMany(module => module.Databases).Select(database => database.Name), "datasets", "internal"])),
            SettingsSection.Of("Rate limits and proxies", TrafficSettings.From),
            SettingsSection.Of("Telemetry", TelemetrySettings.From),
            SettingsSection.Of("Key vault", VaultSettings.From),
            SettingsSection.Of("Azure Functions host", FunctionsHostSettings.From),
        ],
        Permissions = [Permission.OperationsRead, Permission.OperationsRun],
        ApiGroups =
        [
            new("Operations", "Copying, comparing, backing up and restoring databases and buckets, for administrators."),
            new("Health", "Probes for load balancers, which need no token and are not rate limited but for the stream, and metrics for operators."),
            new("Meta", "This description, for programs and for people."),
        ],
        AddServices = services => services.AddObjectStores().AddBackups().AddStorageSync().AddImports().AddOperations(),
        Work = [OperationWork.Run],
        Retention =
        [
            RetentionRule.Of<OperationRuns>("operations that a copied database brought along", (runs, cancellation) => runs.CloseForeignAsync(cancellation)),
            RetentionRule.Of<OperationRuns>("old operations", (runs, cancellation) => runs.RemoveOldAsync(cancellation)),
        ],
    };
}
