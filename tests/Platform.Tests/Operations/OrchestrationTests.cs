using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Operations;

public sealed class OrchestrationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_administrator_sees_what_the_backup_that_was_started_waits_for_or_how_it_ended()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?>
        {
            ["BACKUP_BUCKET"] = $"test-explain-{Guid.CreateVersion7():n}", ["BACKUP_SCHEDULE"] = "0 0 2 1 1 *", ["BACKUP_DRILL_SCHEDULE"] = "0 0 2 1 1 *",
        });
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        using var manager = await Host.NewUserAsync(SystemRole.Manager, app);
        var operation = (await admin.PostAsync("operations/backups", new { database = "users" })).Expect(202).Body.GetProperty("operation").GetString();

        // The bucket does not exist, so the backup fails.
        await Waiting.UntilAsync(async () => (await admin.GetAsync($"operations/orchestrations/{operation}")).Expect(200).Body.GetProperty("status").GetString() == "Failed", "the backup ends");
        var explained = (await admin.GetAsync($"operations/orchestrations/{operation}")).Body;

        Assert.Equal("TakeBackup", explained.GetProperty("orchestrator").GetString());
        Assert.StartsWith("It failed at ", explained.GetProperty("summary").GetString());
        Assert.Empty(explained.GetProperty("waitsFor").EnumerateArray());
        (await manager.GetAsync($"operations/orchestrations/{operation}")).Expect(403);
        (await admin.GetAsync("operations/orchestrations/nothing")).Expect(404);
    }
}
