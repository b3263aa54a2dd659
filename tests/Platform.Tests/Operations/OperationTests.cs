using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Operations;

public sealed partial class OperationTests(PlatformHost host) : PlatformTests(host)
{
    private const int Objects = 20;
    private const int ObjectBytes = 50_000;

    private readonly string _name = $"test-operations-{Guid.CreateVersion7():n}";
    private readonly List<string> _buckets = [];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var name in _buckets)
        {
            using var bucket = Host.OpenBucket(name);
            await bucket.DeleteAsync(await KeysAsync(bucket), CancellationToken.None);
            await bucket.DeleteBucketAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task An_administrator_copies_a_database_watches_it_and_compares_the_copy()
    {
        var archive = await Host.NewDatabasesAsync(migrated: false);
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["OPERATIONS_DATABASE_ARCHIVE_URL"] = archive.Platform });
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        using var manager = await Host.NewUserAsync(SystemRole.Manager, app);

        Assert.Contains("archive", (await admin.GetAsync("operations/locations")).Expect(200).As<Locations>().Databases);
        (await manager.PostAsync("operations/database-copies", new { source = "users", target = "archive" })).Expect(403, "FORBIDDEN");
        (await admin.PostAsync("operations/database-copies", new { source = "users", target = "elsewhere" })).Expect(404, "NOT_FOUND");
        (await admin.PostAsync("operations/database-copies", new { source = "users", target = "platform", replace = true, confirm = "platform" })).Expect(409, "TARGET_IN_USE");
        (await admin.PostAsync("operations/database-copies", new { source = "users", target = "archive", replace = true })).Expect(422, "NOT_CONFIRMED");

        var planned = await EndAsync(admin, (await admin.PostAsync("operations/database-copies", new { source = "users", target = "archive", dryRun = true })).Expect(202).Id);
        Assert.True(planned.Body.GetProperty("report").GetProperty("tables").GetInt32() > 5);

        var body = JsonSerializer.Serialize(new { source = "users", target = "archive" });
        var first = (await PostOnceAsync(admin, body)).Expect(202);
        var again = (await PostOnceAsync(admin, body)).Expect(202);
        Assert.Equal(first.Id, again.Id);
        var events = await WatchAsync(admin, first.Id, after: 0);
        Assert.Contains("event: phase", events);
        Assert.Contains("\"phase\": \"copy rows\"", events);
        Assert.EndsWith("event: end\ndata: {\"state\":\"completed\"}\n\n", events);
        Assert.DoesNotContain("\"state\": \"pending\"", await WatchAsync(admin, first.Id, after: FirstId(events)));
        var copied = (await admin.GetAsync($"operations/{first.Id}")).Expect(200);
        Assert.Equal("completed", copied.Text("state"));
        Assert.True(copied.Body.GetProperty("report").GetProperty("rows").GetInt64() > 0);

        var refused = await EndAsync(admin, (await admin.PostAsync("operations/database-copies", new { source = "users", target = "archive" })).Expect(202).Id, "failed");
        Assert.Contains("rows", refused.Text("error"));
        await EndAsync(admin, (await admin.PostAsync("operations/database-copies", new { source = "users", target = "archive", replace = true, confirm = "archive" })).Expect(202).Id);
        var compared = await EndAsync(admin, (await admin.PostAsync("operations/database-comparisons", new { first = "platform", second = "archive" })).Expect(202).Id);
        Assert.NotEmpty(compared.Body.GetProperty("report").GetProperty("differences").EnumerateArray());

        Assert.Equal(3, (await admin.GetAsync("operations?kind=database_copy&state=completed")).Expect(200).Items.Count);
        Assert.Equal(refused.Id, Assert.Single((await admin.GetAsync("operations?state=failed")).Expect(200).Items).GetProperty("id").GetGuid());
        (await manager.GetAsync("operations")).Expect(403, "FORBIDDEN");
        (await admin.PostAsync($"operations/{first.Id}/cancel")).Expect(409, "INVALID_STATE");
        await Waiting.UntilAsync(
            async () => (await admin.GetAsync($"admin/audit?subjectId={first.Id}")).Items.Any(entry => entry.GetProperty("action").GetString() == "database_copy.start"), "the audit log has the start");
    }

    [Fact]
    public async Task A_sync_is_alone_on_its_target_stops_when_it_is_cancelled_and_deletes_only_what_was_confirmed()
    {
        await using var app = await Host.StartAppAsync(settings: await BucketsAsync());
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);

        (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold", delete = true })).Expect(422, "NOT_CONFIRMED");
        (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "datasets" })).Expect(422, "NOT_CONFIRMED");
        var slow = (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold", bytesPerSecond = ObjectBytes / 5 })).Expect(202).Id;
        (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold" })).Expect(409, "OPERATION_UNDER_WAY");
        await Waiting.UntilAsync(async () => (await admin.GetAsync($"operations/{slow}")).Body.GetProperty("progress").GetProperty("bytes").GetInt64() > 0, "it copies");
        var progress = (await admin.GetAsync($"operations/{slow}")).Body.GetProperty("progress");
        Assert.Equal((Objects, Objects * ObjectBytes), (progress.GetProperty("expectedItems").GetInt32(), progress.GetProperty("expectedBytes").GetInt32()));
        Assert.True(progress.GetProperty("etaSeconds").GetDouble() > 0);
        Assert.Contains($" of {Objects} done", (await RunCliAsync(app, admin, "operations", "list", "--state", "running")).Output);
        Assert.True((await admin.PostAsync($"operations/{slow}/cancel")).Expect(202).Body.GetProperty("cancelRequested").GetBoolean());
        await EndAsync(admin, slow, "cancelled");
        using var cold = Host.OpenBucket($"{_name}-cold");
        Assert.True((await KeysAsync(cold)).Count < Objects, "it was stopped before its end");

        await cold.PutAsync("left.bin", new byte[1], "application/octet-stream", CancellationToken.None);
        var tooMuch = await EndAsync(admin, (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold", delete = true, maxDelete = 0, confirm = "cold" })).Expect(202).Id, "failed");
        Assert.Contains("Nothing was deleted", tooMuch.Text("error"));
        var synced = await EndAsync(admin, (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold", delete = true, maxDelete = 1, confirm = "cold" })).Expect(202).Id);
        Assert.Equal(1, synced.Body.GetProperty("report").GetProperty("summary").GetProperty("deleted").GetInt64());

        var compared = await RunCliAsync(app, admin, "operations", "start", "storage-comparisons", "first=full", "second=cold", "--json");
        var report = JsonDocument.Parse(compared.Output).RootElement.GetProperty("report");
        Assert.Equal((0, Objects, 0), (compared.ExitCode, report.GetProperty("equal").GetInt32(), report.GetProperty("differing").GetInt32()));
        var watched = await RunCliAsync(app, admin, "operations", "watch", $"{slow}");
        Assert.Equal((1, true), (watched.ExitCode, watched.Output.Contains("cancelled", StringComparison.Ordinal)));
        Assert.Contains("\ncopy\n", watched.Error);
        Assert.Contains($"{slow}", (await RunCliAsync(app, admin, "operations", "list", "--state", "cancelled")).Output);
        Assert.Contains("has ended", (await RunCliAsync(app, admin, "operations", "cancel", $"{slow}")).Error);
    }

    [Fact]
    public async Task An_operation_goes_on_after_the_app_was_killed()
    {
        await using var app = await Host.StartAppAsync(settings: await BucketsAsync());
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        var id = (await admin.PostAsync("operations/storage-syncs", new { source = "full", target = "cold", bytesPerSecond = 2 * ObjectBytes })).Expect(202).Id;
        await Waiting.UntilAsync(async () => (await admin.GetAsync($"operations/{id}")).Body.GetProperty("progress").GetProperty("bytes").GetInt64() > 0, "it copies");

        await app.KillAsync();
        using var cold = Host.OpenBucket($"{_name}-cold");
        Assert.True((await KeysAsync(cold)).Count < Objects, "it was killed before its end");
        await app.StartAsync();

        var events = await WatchAsync(admin, id, after: 0);
        Assert.Contains("\"expectedBytes\":", events);
        var ended = await EndAsync(admin, id);
        Assert.Equal(Objects, (await KeysAsync(cold)).Count);
        // What was left when it began again is what it did then.
        var progress = ended.Body.GetProperty("progress");
        Assert.Equal(progress.GetProperty("expectedItems").GetInt32(), progress.GetProperty("items").GetInt32());
        Assert.Equal(progress.GetProperty("expectedBytes").GetInt32(), progress.GetProperty("bytes").GetInt32());
    }

    [Fact]
    public async Task A_database_is_backed_up_verified_tried_and_restored_elsewhere()
    {
        var bucket = NewBucket("backups");
        var archive = await Host.NewDatabasesAsync(migrated: false);
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["BACKUP_BUCKET"] = bucket, ["OPERATIONS_DATABASE_ARCHIVE_URL"] = archive.Platform });
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);

        var taken = await EndAsync(admin, (await admin.PostAsync("operations/backups", new { database = "users" })).Expect(202).Id);
        var backup = taken.Body.GetProperty("report").GetProperty("id").GetString();
        await EndAsync(admin, (await admin.PostAsync("operations/backup-verifications", new { database = "users", backup })).Expect(202).Id);
        await EndAsync(admin, (await admin.PostAsync("operations/drills", new { database = "users" })).Expect(202).Id);
        (await admin.PostAsync("operations/restores", new { database = "users", backup, target = "users", swap = true, confirm = "users" })).Expect(409, "TARGET_IN_USE");
        await EndAsync(admin, (await admin.PostAsync("operations/restores", new { database = "users", backup, target = "archive", dryRun = true })).Expect(202).Id);
        var restored = await EndAsync(admin, (await admin.PostAsync("operations/restores", new { database = "users", backup, target = "archive" })).Expect(202).Id);
        Assert.Equal(taken.Body.GetProperty("report").GetProperty("rows").GetInt64(), restored.Body.GetProperty("report").GetProperty("rows").GetInt64());
        (await admin.PostAsync("operations/restores", new { database = "users", backup, target = "archive", swap = true })).Expect(422, "NOT_CONFIRMED");
        var swapped = await EndAsync(admin, (await admin.PostAsync("operations/restores", new { database = "users", backup, target = "archive", swap = true, confirm = "archive" })).Expect(202).Id);
        Assert.NotNull(swapped.Body.GetProperty("report").GetProperty("former").GetString());
        await Host.DropDatabaseAsync(new Uri(new Uri(archive.Platform), "/" + swapped.Body.GetProperty("report").GetProperty("former").GetString()).ToString());
    }

    [Fact]
    public async Task Datasets_are_copied_to_the_cold_bucket_once_for_each_time_of_the_schedule_also_a_missed_one()
    {
        var settings = await BucketsAsync();
        (settings["EXTERNAL_BUCKET_DATASETS"], settings["BACKUP_COLD_BUCKET"], settings["BACKUP_DATASETS_SCHEDULE"]) = ($"{_name}-full", "cold", "0 0 0 * * *");
        await using var app = await Host.StartAppAsync(settings: settings);
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        Assert.Contains("the datasets were never copied", await admin.Http.GetStringAsync("/health/ready"));

        await Host.FireTimerAsync("RunDueDatasetBackup", app);
        await Waiting.UntilAsync(async () => (await admin.GetAsync("operations?kind=dataset_backup&state=completed")).Items.Count == 1, "the copy is complete");
        await Host.FireTimerAsync("RunDueDatasetBackup", app);
        await Waiting.UntilAsync(async () => !(await admin.Http.GetStringAsync("/health/ready")).Contains("never copied", StringComparison.Ordinal), "the health knows of the copy");

        using var cold = Host.OpenBucket($"{_name}-cold");
        Assert.Equal(Objects, (await KeysAsync(cold)).Count);
        Assert.Equal("schedule", Assert.Single((await admin.GetAsync("operations?kind=dataset_backup")).Expect(200).Items).GetProperty("startedBy").GetString());
    }

    [Fact]
    public async Task The_commands_of_the_page_copy_a_database_and_show_it()
    {
        var archive = await Host.NewDatabasesAsync(migrated: false);
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["OPERATIONS_DATABASE_ARCHIVE_URL"] = archive.Platform });
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/operations/running-app.md"), TestContext.Current.CancellationToken);
        var block = Assert.Single(BashBlock().Matches(page)).Groups[1].Value;

        var run = await RunAsync("bash", app, admin, "-euo", "pipefail", "-c", $"platform-cli() {{ dotnet '{Cli}' \"$@\"; }}\n{block}");

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        // The end of `start` or `watch`, a line of `list`; for the comparison also what `show` prints.
        string[] lines = run.Output.Split('\n');
        Assert.Equal(2, lines.Count(line => line.Contains("completed  database_copy  platform → archive", StringComparison.Ordinal)));
        Assert.Equal(3, lines.Count(line => line.Contains("completed  database_comparison  platform, archive", StringComparison.Ordinal)));
        Assert.Equal("completed", Assert.Single((await admin.GetAsync("operations?kind=database_copy")).Expect(200).Items).GetProperty("state").GetString());
    }

    [System.Text.RegularExpressions.GeneratedRegex("```bash\n(.*?)```", System.Text.RegularExpressions.RegexOptions.Singleline)]
    private static partial System.Text.RegularExpressions.Regex BashBlock();

    private sealed record Locations(IReadOnlyList<string> Databases, IReadOnlyList<string> Buckets, IReadOnlyList<string> InUse);

    private static string Cli => Path.Combine(Repository.Root, "src/Cli/bin/Debug/net10.0/platform-cli.dll");

    private static Task<(int ExitCode, string Output, string Error)> RunCliAsync(PlatformApp app, ApiClient admin, params string[] arguments) => RunAsync("dotnet", app, admin, [Cli, .. arguments]);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, PlatformApp app, ApiClient admin, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["PLATFORM_API_URL"], start.Environment["PLATFORM_TOKEN"]) = (app.Address.ToString(), admin.AccessToken);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static Task<ApiAnswer> PostOnceAsync(ApiClient admin, string body) =>
        admin.SendAsync(HttpMethod.Post, "operations/database-copies", new StringContent(body, MediaTypeHeaderValue.Parse("application/json")), ("Idempotency-Key", "copy-once"));

    private static async Task<ApiAnswer> EndAsync(ApiClient admin, Guid id, string state = "completed")
    {
        ApiAnswer? last = null;
        await Waiting.UntilAsync(
            async () => (last = (await admin.GetAsync($"operations/{id}")).Expect(200)).Text("state") is not ("pending" or "running"), $"operation {id} ends");
        Assert.True(last!.Text("state") == state, $"It is {last.RawText}");
        return last;
    }

    private static async Task<string> WatchAsync(ApiClient admin, Guid id, long after)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/operations/{id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", admin.AccessToken);
        request.Headers.Add("Last-Event-ID", $"{after}");
        using var response = await admin.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private static long FirstId(string events) => long.Parse(events.Split('\n').First(line => line.StartsWith("id: ", StringComparison.Ordinal))[4..], System.Globalization.CultureInfo.InvariantCulture);

    private string NewBucket(string suffix)
    {
        _buckets.Add($"{_name}-{suffix}");
        return _buckets[^1];
    }

    /// <summary>Settings of a bucket <c>full</c> with objects and an empty one, <c>cold</c>.</summary>
    private async Task<Dictionary<string, string?>> BucketsAsync()
    {
        using var full = Host.OpenBucket(NewBucket("full"));
        using var cold = Host.OpenBucket(NewBucket("cold"));
        await full.CreateBucketAsync(CancellationToken.None);
        await cold.CreateBucketAsync(CancellationToken.None);
        for (var number = 0; number < Objects; number++)
            await full.PutAsync($"objects/{number:00}.bin", new byte[ObjectBytes], "application/octet-stream", CancellationToken.None);
        var settings = new Dictionary<string, string?>();
        foreach (var name in new[] { "full", "cold" })
            foreach (var (part, value) in Host.SettingsOfBucket($"{_name}-{name}"))
                // By another host name, so that the store does not copy by itself, at its own speed.
                settings[$"OPERATIONS_BUCKET_{name.ToUpperInvariant()}_{part}"] = name == "cold" && part == "ENDPOINT" ? value!.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) : value;
        return settings;
    }

    private static async Task<List<string>> KeysAsync(ObjectStore bucket)
    {
        var keys = new List<string>();
        await foreach (var found in bucket.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }
}
