using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Storage;

/// <summary>The store to move to.</summary>
internal static class SecondStore
{
    /// <summary>The store of SECOND_STORAGE_ENDPOINT, _ACCESS_KEY and _SECRET_KEY, or the first one by another host name, which counts as another service.</summary>
    public static BucketSettings Of(BucketSettings first) => Environment.GetEnvironmentVariable("SECOND_STORAGE_ENDPOINT") is { Length: > 0 } endpoint
        ? first with
        {
            Endpoint = new Uri(endpoint), AccessKey = Environment.GetEnvironmentVariable("SECOND_STORAGE_ACCESS_KEY")!, SecretKey = Environment.GetEnvironmentVariable("SECOND_STORAGE_SECRET_KEY")!,
        }
        : first with { Endpoint = new UriBuilder(first.Endpoint) { Host = "localhost" }.Uri };
}
