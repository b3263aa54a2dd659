using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Exports;

public static class ExportServices
{
    /// <summary>Registers exports. Needs the training services.</summary>
    public static IServiceCollection AddExports(this IServiceCollection services) => services.AddScoped<ExportLifecycle>();
}
