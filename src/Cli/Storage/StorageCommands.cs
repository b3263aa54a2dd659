using System.CommandLine;
using Amazon.S3;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Storage;

/// <summary><c>storage init</c> sets up the buckets, <c>storage check</c> tries what the holder of an upload URL may try.</summary>
internal static class StorageCommands
{
    /// <summary>Where URLs may write, of all buckets.</summary>
    private static readonly (Func<StorageSettings, BucketSettings> Bucket, string Prefix)[] UrlPrefixes =
        [(settings => settings.External, StagingKeys.Prefix), .. Attempt.Folders.Select(folder => ((Func<StorageSettings, BucketSettings>)(settings => settings.Internal), folder))];

    public static Command Build()
    {
        var init = new Command("init", "Creates the buckets that are missing, has them refuse what upload URLs must not do, and sets their CORS rules from CORS_ORIGINS. Safe to run twice.");
        init.SetAction(async (parsed, cancellation) =>
        {
            var configuration = await Settings.ReadAsync(cancellation);
            var origins = configuration["CORS_ORIGINS"]?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
            await InitAsync(Read(configuration), origins, parsed.InvocationConfiguration.Output, cancellation);
            return ExitCode.Success;
        });
        var account = new Command("account", "Checks the storage account of the Functions host (AzureWebJobsStorage): that blobs, queues and tables answer.");
        account.SetAction((parsed, cancellation) => CheckAccountAsync(parsed.InvocationConfiguration.Output, cancellation));
        var check = new Command("check", "Tries with real upload URLs what must not work, and says what the store refuses; exit code 1 when it allows something dangerous. Removes what it writes.");
        check.SetAction(async (parsed, cancellation) =>
        {
            await CheckAsync(Read(await Settings.ReadAsync(cancellation)), parsed.InvocationConfiguration.Output, cancellation);
            return ExitCode.Success;
        });
        return new Command("storage", "Sets up and checks the object storage, moves and compares buckets, checks the storage account of the Functions host.") { init, check, account, SyncCommands.BuildSync(), SyncCommands.BuildRestore(), SyncCommands.BuildCompare() };
    }

    internal static async Task InitAsync(StorageSettings settings, string[] origins, TextWriter output, CancellationToken cancellation)
    {
        using var stores = new ObjectStores(settings, TimeProvider.System);
        foreach (var (store, bucket) in new[] { (stores.External, settings.External), (stores.Internal, settings.Internal) })
        {
            var created = await CallAsync(bucket, "create or list", () => store.CreateBucketAsync(cancellation));
            await output.WriteLineAsync($"bucket {bucket.Bucket} on {bucket.Endpoint}: {(created ? "created" : "exists")}");
            string[] prefixes = [.. UrlPrefixes.Where(row => row.Bucket(settings) == bucket).Select(row => row.Prefix)];
            foreach (var protection in await CallAsync(bucket, "protect", () => store.ProtectAsync(prefixes, cancellation)))
                await output.WriteLineAsync(protection.Refusal is null ? $"  refuses {protection.What}" : $"  the store cannot be told to refuse {protection.What}: {protection.Refusal}");
            if (origins.Length == 0)
                continue;
            await CallAsync(bucket, "set the CORS rules of", async () =>
            {
                await store.AllowOriginsAsync(origins, cancellation);
                return true;
            });
            await output.WriteLineAsync($"  CORS: {string.Join(", ", origins)}");
        }
        // Only this program writes weights, and no browser reads them.
        var isNew = await CallAsync(settings.Weights, "create or list", () => stores.Weights.CreateBucketAsync(cancellation));
        await output.WriteLineAsync($"bucket {settings.WeightsBucket} on {settings.Weights.Endpoint}: {(isNew ? "created" : "exists")}");
        if (origins.Length == 0)
            await output.WriteLineAsync("CORS: unchanged, CORS_ORIGINS is not set (only pages in a browser need it)");
        await output.WriteLineAsync("storage check tries what upload URLs must not do");
    }

    /// <exception cref="CommandException">The store allows something dangerous.</exception>
    internal static async Task CheckAsync(StorageSettings settings, TextWriter output, CancellationToken cancellation)
    {
        using ObjectStores stores = new(settings, TimeProvider.System), past = new(settings, new HourBehind());
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        var bad = 0;
        var sources = new List<(string Bucket, string Key, byte[] Content)>();
        try
        {
            foreach (var (store, bucket) in new[] { (stores.External, settings.External), (stores.Internal, settings.Internal) })
            {
                var source = (bucket.Bucket, Key: $"check-{Guid.CreateVersion7():n}", Content: Guid.CreateVersion7().ToByteArray());
                sources.Add(source);
                await CallAsync(bucket, "write to", () => store.PutOnceAsync(source.Key, source.Content, "text/plain", cancellation));
            }
            foreach (var (bucket, prefix) in UrlPrefixes.Select(row => (row.Bucket(settings), row.Prefix)))
            {
                var (store, old) = bucket == settings.External ? (stores.External, past.External) : (stores.Internal, past.Internal);
                await output.WriteLineAsync($"upload URLs of {bucket.Bucket}/{prefix} on {bucket.Endpoint}, signed as {bucket.ForUploads.AccessKey}{(bucket.UploadAccessKey is null ? ", the identity that may do everything" : "")}:");
                var found = await CallAsync(bucket, "check", () => new UrlCheck(store, old, prefix, http).RunAsync(sources, cancellation));
                foreach (var abuse in found)
                    await output.WriteLineAsync($"  {abuse.What,-60} {abuse.Answer}  {abuse.Means}");
                bad += found.Count(abuse => abuse.IsBad);
            }
        }
        finally
        {
            foreach (var (store, source) in new[] { stores.External, stores.Internal }.Zip(sources))
                await store.DeleteAsync(source.Key, CancellationToken.None);
        }
        if (bad > 0)
            throw new CommandException($"{bad} of these must not be so: docs/storage.md says what to set in the store");
        await output.WriteLineAsync("the store refuses everything dangerous");
    }

    private sealed class HourBehind : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - TimeSpan.FromHours(1);
    }

    private static async Task<int> CheckAccountAsync(TextWriter output, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        FunctionsHostSettings settings;
        try
        {
            settings = SettingsReader.Read(configuration, FunctionsHostSettings.From);
        }
        catch (SettingsException wrong)
        {
            throw CommandException.Usage(wrong.Message);
        }
        var storage = HostStorage.From(settings);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var problems = await new HostStorageCheck(http, new DefaultAzureCredential(), TimeProvider.System).FindProblemsAsync(storage, cancellation);
        if (problems.Count > 0)
            throw CommandException.Unavailable(string.Join("; ", problems));
        await output.WriteLineAsync($"storage account {storage.Account}: blobs, queues and tables answer");
        return ExitCode.Success;
    }

    private static async Task<T> CallAsync<T>(BucketSettings bucket, string doing, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception refused)
        {
            throw new CommandException(
                $"{bucket.Endpoint} does not let access key {bucket.AccessKey} {doing} bucket '{bucket.Bucket}': {refused.ErrorCode} {refused.Message}", inner: refused);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.StorageUnavailable)
        {
            throw CommandException.Unavailable($"no object store answers at {bucket.Endpoint}: {away.InnerException?.Message ?? away.Message}", away);
        }
    }

    private static StorageSettings Read(IConfiguration configuration)
    {
        try
        {
            return StorageSettings.From(configuration);
        }
        catch (InvalidOperationException missing)
        {
            throw CommandException.Usage(missing.Message);
        }
    }
}
