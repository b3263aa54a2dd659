using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Tests.Storage;

[assembly: AssemblyFixture(typeof(StorageFixture))]

namespace VisionPlatform.Infrastructure.Tests.Storage;

/// <summary>A bucket of its own on the real S3 server named by EXTERNAL_STORAGE_*; emptied when the tests end.</summary>
public sealed class StorageFixture : IAsyncLifetime
{
    /// <summary>The product's policy with waits short enough for tests.</summary>
    internal static IntegrationPolicy QuickPolicy { get; } =
        Integrations.ObjectStore with { Timeout = TimeSpan.FromSeconds(20), FirstWait = TimeSpan.FromMilliseconds(10), LongestWait = TimeSpan.FromMilliseconds(50) };

    public BucketSettings Settings { get; } = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External
        with { Bucket = $"test-{Guid.CreateVersion7():n}" };

    public ObjectStore Store { get; private set; } = null!;

    /// <summary>A store on the same bucket whose requests pass through a handler of the test.</summary>
    internal ObjectStore StoreThrough(HttpMessageHandler handler, BucketSettings? settings = null, IntegrationPolicy? policy = null) =>
        new(settings ?? Settings, TimeProvider.System, policy ?? QuickPolicy, handler);

    public async ValueTask InitializeAsync()
    {
        Store = new ObjectStore(Settings, TimeProvider.System);
        await Store.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        var keys = new List<string>();
        await foreach (var found in Store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await Store.DeleteAsync(keys, CancellationToken.None);
        await Store.Client.DeleteBucketAsync(Settings.Bucket);
        Store.Dispose();
    }
}
