using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Operations;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Backups;

internal static class BackupServices
{
    public static IServiceCollection AddBackups(this IServiceCollection services) => services
        .AddSingleton(provider => DataLocations.Of(
            provider.GetRequiredService<DatabaseSettings>(), provider.GetRequiredService<StorageSettings>(), provider.GetRequiredService<OperationsSettings>()))
        .AddSingleton<OperationMeter>()
        .AddSingleton<DatabaseCopies>()
        .AddSingleton<BackupRuns>()
        .AddSingleton<BackupAlerts>()
        .AddSingleton<BackupHealth>()
        .AddSingleton<DueBackups>()
        .AddSingleton<DatasetBackups>();
}
