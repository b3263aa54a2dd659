using Microsoft.Extensions.Configuration;
using VisionPlatform.Cli.Storage;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Storage;

/// <summary>Buckets of their own on the real store that EXTERNAL_STORAGE_* names.</summary>
public sealed class StorageCheckTests : IAsyncLifetime
{
    private readonly StorageSettings _settings = Own(StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()));
    private readonly StringWriter _output = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        using var stores = new ObjectStores(_settings, TimeProvider.System);
        foreach (var store in (ObjectStore[])[stores.External, stores.Internal, stores.Weights])
        {
            Assert.Empty(await KeysAsync(store));
            await store.DeleteBucketAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task After_init_the_local_store_refuses_everything_dangerous()
    {
        await StorageCommands.InitAsync(_settings, [], _output, Cancellation);

        await StorageCommands.CheckAsync(_settings, _output, Cancellation);

        var text = _output.ToString();
        Assert.DoesNotContain("DANGEROUS", text, StringComparison.Ordinal);
        Assert.All(Enum.GetValues<AttemptKind>(), kind => Assert.Contains(
            $"upload URLs of {_settings.Internal.Bucket}/{new Attempt { Kind = kind, SubjectId = default, Number = 1, Trainer = "" }.ArtifactPrefix.Split('/')[0]}/ on", text, StringComparison.Ordinal));
        foreach (var line in (string[])["copying an object of", "x-amz-acl: public-read ", "x-amz-grant-read: everybody", "more bytes than announced", "fewer bytes than announced", "a second upload to the same URL",
                     "another content type", "another key", "an expired URL", "reading without a signature", "a part: copying an object of", "a part: after the upload was completed"])
            Assert.All(Lines(text, line), found => Assert.EndsWith("refused", found));
    }

    [Fact]
    public async Task A_store_that_allows_copies_or_acls_is_found_out()
    {
        var careless = _settings with { External = WithoutIdentity(_settings.External), Internal = WithoutIdentity(_settings.Internal) };
        using (var stores = new ObjectStores(careless, TimeProvider.System))
        {
            await stores.External.CreateBucketAsync(Cancellation);
            await stores.Internal.CreateBucketAsync(Cancellation);
            await stores.Weights.CreateBucketAsync(Cancellation);
        }

        var failure = await Assert.ThrowsAsync<CommandException>(() => StorageCommands.CheckAsync(careless, _output, Cancellation));

        Assert.Contains("must not be so", failure.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, failure.ExitCode);
        var text = _output.ToString();
        foreach (var line in (string[])["copying an object of " + _settings.Internal.Bucket, "x-amz-acl: public-read "])
            Assert.All(Lines(text, line), found => Assert.EndsWith("DANGEROUS", found));
    }

    private static string[] Lines(string text, string what)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.StartsWith(what, StringComparison.Ordinal)).ToArray();
        Assert.True(lines.Length > 0, $"There is no line '{what}' in:\n{text}");
        return lines;
    }

    private static async Task<List<string>> KeysAsync(ObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private static StorageSettings Own(StorageSettings settings) => settings with
    {
        External = settings.External with { Bucket = $"test-{Guid.CreateVersion7():n}" }, Internal = settings.Internal with { Bucket = $"test-{Guid.CreateVersion7():n}" },
        WeightsBucket = $"test-{Guid.CreateVersion7():n}",
    };

    private static BucketSettings WithoutIdentity(BucketSettings bucket) => bucket with { UploadAccessKey = null, UploadSecretKey = null };
}
