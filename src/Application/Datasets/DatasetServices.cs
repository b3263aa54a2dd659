using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VisionPlatform.Infrastructure.Images;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>Registers what the datasets capability needs besides persistence.</summary>
public static class DatasetServices
{
    /// <summary>Adds uploads, publishing and removal, with the object stores and the image inspector.</summary>
    public static IServiceCollection AddDatasets(this IServiceCollection services, DatasetLimits limits, StorageSettings storage)
    {
        services.AddObjectStores(storage);
        services.TryAddSingleton(limits);
        services.TryAddSingleton(new ImageInspector(limits.MaxImagePixels));
        services.TryAddSingleton<DecodeSlots>();
        services.AddScoped<UploadIntake>();
        services.AddScoped<UploadCompletion>();
        services.AddScoped<VersionPublisher>();
        services.AddScoped<VersionFiles>();
        services.AddScoped<ImageRemoval>();
        return services;
    }
}
