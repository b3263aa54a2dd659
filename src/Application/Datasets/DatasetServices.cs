using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Images;

namespace VisionPlatform.Application.Datasets;

/// <summary>Registers what the datasets capability needs besides persistence and object storage.</summary>
public static class DatasetServices
{
    /// <summary>Adds uploads, publishing and removal, with the image inspector.</summary>
    public static IServiceCollection AddDatasets(this IServiceCollection services)
    {
        services.AddSingleton(provider => new ImageInspector(provider.GetRequiredService<DatasetLimits>().MaxImagePixels));
        services.AddSingleton<DecodeSlots>();
        services.AddScoped<UploadIntake>();
        services.AddScoped<UploadCompletion>();
        services.AddScoped<VersionPublisher>();
        services.AddScoped<VersionFiles>();
        services.AddScoped<ImageRemoval>();
        return services;
    }
}
