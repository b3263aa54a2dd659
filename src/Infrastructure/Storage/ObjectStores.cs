using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>The platform's two stores. <see cref="External"/> holds what users upload, <see cref="Internal"/> what the platform produces.</summary>
public sealed class ObjectStores(StorageSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Images, thumbnails and dataset versions.</summary>
    public ObjectStore External { get; } = new(settings.External, time);

    /// <summary>Checkpoints, models, exports and logs.</summary>
    public ObjectStore Internal { get; } = new(settings.Internal, time);

    /// <summary>Pretrained weights of models.</summary>
    public ObjectStore Weights { get; } = new(settings.Weights, time);

    public void Dispose()
    {
        External.Dispose();
        Internal.Dispose();
        Weights.Dispose();
    }
}

/// <summary>Registers the object stores.</summary>
public static class StorageRegistration
{
    /// <summary>Adds <see cref="ObjectStores"/> as a singleton.</summary>
    public static IServiceCollection AddObjectStores(this IServiceCollection services) => services.AddSingleton<ObjectStores>();
}
