using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Operations;

/// <summary><c>cost</c>: what the installation costs a month on Railway and R2, from what its buckets hold now.</summary>
internal static class CostCommand
{
    private const int Month = 30;

    /// <summary>Reads of an object in a month when nothing else is known: training reads each image about once a week, people look at thumbnails.</summary>
    private const int ReadsOfObject = 10;

    private sealed record Estimate(IReadOnlyList<CostLine> Lines, decimal Dollars, long Objects, long WrittenLately);

    public static Command Build()
    {
        var reads = new Option<long?>("--reads") { Description = $"Reads of objects a month; {ReadsOfObject} for each object unless given.", HelpName = "N" };
        var applications = NumberOption.Build("--applications", "Services that run a program.", 2, 0, 1000);
        var json = new Option<bool>("--json") { Description = "Prints JSON." };
        var command = new Command("cost", "Estimates the cost of a month on Railway and Cloudflare R2 from what the buckets hold. Reads only.") { reads, applications, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var configuration = await Settings.ReadAsync(cancellation);
            StorageSettings storage;
            BackupSettings backups;
            try
            {
                (storage, backups) = SettingsReader.Read(configuration, reader => (StorageSettings.From(reader), BackupSettings.From(reader)));
            }
            catch (SettingsException wrong)
            {
                throw CommandException.Usage(wrong.Message);
            }
            var (objects, bytes, lately) = (0L, 0L, 0L);
            foreach (var bucket in new[] { storage.External, storage.Internal, backups.Bucket }.OfType<BucketSettings>().DistinctBy(bucket => (bucket.Endpoint, bucket.Bucket)))
            {
                var found = await CountAsync(bucket, cancellation);
                (objects, bytes, lately) = (objects + found.Objects, bytes + found.Bytes, lately + found.Lately);
            }
            var databases = AppModules.All.SelectMany(module => module.Databases).Count();
            var lines = MonthlyCost.Of(new MonthlyUsage(databases, parsed.GetValue(applications), bytes, lately, parsed.GetValue(reads) ?? objects * ReadsOfObject));
            await ShowAsync(new Estimate(lines, lines.Sum(line => line.Dollars), objects, lately), parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<(long Objects, long Bytes, long Lately)> CountAsync(BucketSettings bucket, CancellationToken cancellation)
    {
        using var store = new ObjectStore(bucket, TimeProvider.System);
        var (objects, bytes, lately, since) = (0L, 0L, 0L, DateTimeOffset.UtcNow.AddDays(-Month));
        try
        {
            await foreach (var found in store.ListAsync("", cancellation))
                (objects, bytes, lately) = (objects + 1, bytes + found.Size, lately + (found.LastModified >= since ? 1 : 0));
        }
        catch (Amazon.S3.AmazonS3Exception missing) when (missing.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            // A bucket that was not made yet costs nothing.
        }
        return (objects, bytes, lately);
    }

    private static async Task ShowAsync(Estimate estimate, bool isJson, TextWriter output)
    {
        if (isJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(estimate, LocalFunctions.Json));
            return;
        }
        foreach (var line in estimate.Lines)
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{line.Service,-22} {line.Quantity,14}  ${line.Dollars,8:0.00}"));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{"together",-22} {"",14}  ${estimate.Dollars,8:0.00} a month"));
        await output.WriteLineAsync($"{estimate.Objects} objects, of which {estimate.WrittenLately} were written in the last {Month} days; list prices in US dollars");
    }
}
