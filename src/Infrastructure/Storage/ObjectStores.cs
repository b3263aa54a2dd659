using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>The platform's two stores. <see cref="External"/> holds datasets, <see cref="Internal"/> checkpoints, models, exports, logs.</summary>
public sealed class ObjectStores(StorageSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>What users bring: images, thumbnails, dataset versions.</summary>
    public ObjectStore External { get; } = new(settings.External, time);

    /// <summary>What the platform makes.</summary>
    public ObjectStore Internal { get; } = new(settings.Internal, time);

    public void Dispose()
    {
        External.Dispose();
        Internal.Dispose();
    }
}

/// <summary>Registers the object stores.</summary>
public static class StorageRegistration
{
    /// <summary>Adds <see cref="ObjectStores"/> as a singleton.</summary>
    public static IServiceCollection AddObjectStores(this IServiceCollection services) => services.AddSingleton<ObjectStores>();
}
