using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Images;

namespace VisionPlatform.Application.Datasets;

/// <summary>Registers what the datasets capability needs besides persistence and object storage.</summary>
public static class DatasetServices
{
    /// <summary>Registers the use cases of datasets, and the image inspector. Needs the quotas of organizations and the audit log.</summary>
    public static IServiceCollection AddDatasets(this IServiceCollection services)
    {
        services.AddSingleton(provider => new ImageInspector(provider.GetRequiredService<DatasetLimits>().MaxImagePixels));
        services.AddScoped<DatasetLifecycle>();
        services.AddScoped<DatasetRemoval>();
        services.AddScoped<DatasetSharing>();
        services.AddScoped<StagedUploads>();
        services.AddScoped<UploadIntake>();
        services.AddScoped<UploadCompletion>();
        services.AddScoped<Thumbnails>();
        services.AddSingleton<ThumbnailQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<ThumbnailQueue>());
        services.AddScoped<ArchiveIntake>();
        services.AddScoped<ArchiveEntries>();
        services.AddScoped<ArchiveUnpacking>();
        services.AddScoped<ZipPlanning>();
        services.AddScoped<TarUnpacking>();
        services.AddScoped<AnnotationIntake>();
        services.AddScoped<AnnotationStaging>();
        services.AddScoped<AnnotationWriting>();
        services.AddScoped<ImageAnnotating>();
        services.AddScoped<VersionPublisher>();
        services.AddScoped<VersionCompletion>();
        services.AddScoped<VersionFiles>();
        services.AddScoped<VersionArchive>();
        services.AddScoped<ImageRemoval>();
        return services;
    }
}
