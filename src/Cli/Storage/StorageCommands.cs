using System.CommandLine;
using Amazon.S3;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Storage;

/// <summary><c>storage init</c>: the buckets and which pages may use presigned URLs.</summary>
internal static class StorageCommands
{
    public static Command Build()
    {
        var init = new Command("init", "Creates the buckets that are missing and sets their CORS rules from CORS_ORIGINS. Safe to run twice.");
        init.SetAction(async (parsed, cancellation) =>
        {
            await InitAsync(parsed.InvocationConfiguration.Output, cancellation);
            return ExitCode.Success;
        });
        var account = new Command("account", "Checks the storage account of the Functions host (AzureWebJobsStorage): that blobs, queues and tables answer.");
        account.SetAction((parsed, cancellation) => CheckAccountAsync(parsed.InvocationConfiguration.Output, cancellation));
        return new Command("storage", "Sets up the object storage, checks the storage account of the Functions host.") { init, account };
    }

    private static async Task InitAsync(TextWriter output, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        var settings = Read(configuration);
        using var stores = new ObjectStores(settings, TimeProvider.System);
        var origins = configuration["CORS_ORIGINS"]?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        foreach (var (store, bucket) in new[] { (stores.External, settings.External), (stores.Internal, settings.Internal) })
        {
            var created = await CallAsync(bucket, "create or list", () => store.CreateBucketAsync(cancellation));
            await output.WriteLineAsync($"bucket {bucket.Bucket} on {bucket.Endpoint}: {(created ? "created" : "exists")}");
            if (origins.Length == 0)
                continue;
            await CallAsync(bucket, "set the CORS rules of", async () =>
            {
                await store.AllowOriginsAsync(origins, cancellation);
                return true;
            });
            await output.WriteLineAsync($"  CORS: {string.Join(", ", origins)}");
        }
        if (origins.Length == 0)
            await output.WriteLineAsync("CORS: unchanged, CORS_ORIGINS is not set (only pages in a browser need it)");
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
