using System.Net;
using System.Text.Json;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Backups;

public sealed class BackupTests(PlatformHost host) : PlatformTests(host)
{
    private static readonly string[] Databases = ["labeler", "platform", "users"];

    private readonly string _bucket = $"test-backups-{Guid.CreateVersion7():n}";

    [Fact]
    public async Task Due_backups_are_operations_of_the_schedule_taken_once_by_several_instances_tried_and_listed()
    {
        var settings = Settings(("BACKUP_SCHEDULE", "0 0 0 * * *"), ("BACKUP_DRILL_SCHEDULE", "0 0 0 * * *"), ("BACKUP_ENCRYPTION_KEY", Convert.ToBase64String(new byte[32])));
        await using var app = await Host.StartAppAsync(settings: settings);
        await using var second = await Host.StartAppAsync(app.Databases, settings);
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        try
        {
            await Task.WhenAll(Host.FireTimerAsync("RunDueBackups", app), Host.FireTimerAsync("RunDueBackups", second));
            await Host.FireTimerAsync("RunDueBackups", app);
            await Waiting.UntilAsync(async () => (await StoredAsync()).Count(key => key.EndsWith("/manifest.json", StringComparison.Ordinal)) == Databases.Length, "each database has a backup");
            // There is something to restore now.
            await Task.WhenAll(Host.FireTimerAsync("RunDueBackups", app), Host.FireTimerAsync("RunDueBackups", second));
            await Waiting.UntilAsync(async () => (await StoredAsync()).Count(key => key.EndsWith("/last-drill.json", StringComparison.Ordinal)) == Databases.Length, "each backup was tried");
            await Host.FireTimerAsync("RunDueBackups", second);
            await EndedOnceAsync(admin, "backup");
            await EndedOnceAsync(admin, "drill");

            await Waiting.UntilAsync(
                async () => (await admin.Http.GetStringAsync("/health/ready")).Replace(" ", "", StringComparison.Ordinal).Contains("\"backups\",\"status\":\"ok\"", StringComparison.Ordinal), "the backups are well");
            var list = (await admin.GetAsync("operations/backups")).Expect(200).Body;

            Assert.Equal(Databases, list.GetProperty("databases").EnumerateArray().Select(database => database.GetProperty("database").GetString()));
            Assert.All(list.GetProperty("databases").EnumerateArray(), database =>
            {
                Assert.Equal(JsonValueKind.Null, database.GetProperty("problem").ValueKind);
                Assert.True(Assert.Single(database.GetProperty("backups").EnumerateArray()).GetProperty("encrypted").GetBoolean());
            });
        }
        finally
        {
            await RemoveBucketAsync();
        }
    }

    [Fact]
    public async Task Databases_without_backups_degrade_the_health_and_are_told_to_the_webhook_until_one_is_taken()
    {
        using var webhook = new HttpListener();
        var address = $"http://127.0.0.1:{LoopbackPort.Free()}/alerts/";
        webhook.Prefixes.Add(address);
        webhook.Start();
        var alerts = ReadAlertsAsync(webhook);
        await using var app = await Host.StartAppAsync(settings: Settings(("BACKUP_SCHEDULE", "0 0 2 1 1 *"), ("BACKUP_DRILL_SCHEDULE", "0 0 2 1 1 *"), ("ALERT_WEBHOOK_URL", address)));
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        using var manager = await Host.NewUserAsync(SystemRole.Manager, app);
        try
        {
            Assert.Contains("platform: there is no complete backup", await admin.Http.GetStringAsync("/health/ready"));
            await Host.FireTimerAsync("AlertOnStaleBackups", app);
            Assert.Equal(Databases.Select(database => ("backup_stale", database)), (await alerts).Order());

            (await manager.PostAsync("operations/backups", new { database = "users" })).Expect(403, "FORBIDDEN");
            (await admin.PostAsync("operations/backups", new { database = "others" })).Expect(404, "NOT_FOUND");
            (await admin.PostAsync("operations/backups", new { database = "users" })).Expect(202);
            await Waiting.UntilAsync(async () => (await StoredAsync()).Any(key => key.StartsWith("backups/users/", StringComparison.Ordinal) && key.EndsWith("/manifest.json", StringComparison.Ordinal)), "the backup is complete");
        }
        finally
        {
            await RemoveBucketAsync();
        }
    }

    [Fact]
    public async Task Without_a_bucket_there_are_no_backups_and_nothing_complains()
    {
        Assert.False((await Host.Admin.GetAsync("operations/backups")).Expect(200).Body.GetProperty("configured").GetBoolean());
        (await Host.Admin.PostAsync("operations/backups", new { database = "users" })).Expect(409, "INVALID_STATE");
        await Host.FireTimerAsync("RunDueBackups");
        Assert.DoesNotContain("backups", await Host.Admin.Http.GetStringAsync("/health/ready"));
    }

    /// <summary>Each database has one operation of the kind, which the schedule started and which is complete.</summary>
    private static async Task EndedOnceAsync(ApiClient admin, string kind)
    {
        var operations = new List<JsonElement>();
        await Waiting.UntilAsync(async () =>
        {
            operations = [.. (await admin.GetAsync($"operations?kind={kind}")).Expect(200).Items];
            return operations.Count >= Databases.Length && operations.TrueForAll(one => one.GetProperty("endedAt").ValueKind == JsonValueKind.String);
        }, $"each {kind} has ended");
        Assert.Equal(
            Databases.Select(database => (database, "completed", "schedule", JsonValueKind.Null)),
            operations.Select(one => (one.GetProperty("subject").GetString()!, one.GetProperty("state").GetString()!, one.GetProperty("startedBy").GetString()!, one.GetProperty("createdBy").ValueKind)).Order());
        Assert.All(operations, one => Assert.True(one.GetProperty("report").GetProperty("rows").GetInt64() >= 0));
    }

    private Dictionary<string, string?> Settings(params (string Name, string Value)[] more) =>
        new(more.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))) { ["BACKUP_BUCKET"] = _bucket };

    private static async Task<List<(string Kind, string Database)>> ReadAlertsAsync(HttpListener webhook)
    {
        var alerts = new List<(string, string)>();
        while (alerts.Count < Databases.Length)
        {
            var call = await webhook.GetContextAsync();
            using var body = await JsonDocument.ParseAsync(call.Request.InputStream);
            alerts.Add((body.RootElement.GetProperty("kind").GetString()!, body.RootElement.GetProperty("database").GetString()!));
            call.Response.Close();
        }
        return alerts;
    }

    private ObjectStore Open() => Host.OpenBucket(_bucket);

    private async Task<List<string>> StoredAsync()
    {
        using var store = Open();
        await store.CreateBucketAsync(CancellationToken.None);
        var keys = new List<string>();
        await foreach (var stored in store.ListAsync("", CancellationToken.None))
            keys.Add(stored.Key);
        return keys;
    }

    private async Task RemoveBucketAsync()
    {
        using var store = Open();
        await store.DeleteAsync(await StoredAsync(), CancellationToken.None);
        await store.DeleteBucketAsync(CancellationToken.None);
    }
}
