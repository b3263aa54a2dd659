using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Modules;

public static class ModuleServices
{
    /// <summary>Registers the settings, databases and use cases of every module.</summary>
    public static IServiceCollection AddModules(this IServiceCollection services, AppSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        settings.AddTo(services);
        var connectionStrings = settings.Get<DatabaseSettings>().ConnectionStrings;
        foreach (var module in AppModules.All)
        {
            foreach (var database in module.Databases)
                database.AddTo(services, connectionStrings[database.Name]);
            module.AddServices(services);
        }
        return services;
    }
}
