using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Import;

/// <summary>Registers what imports need besides the databases, the stores, the image inspector and what operations need.</summary>
public static class ImportServices
{
    public static IServiceCollection AddImports(this IServiceCollection services) => services.AddScoped<OriginalImports>();
}
