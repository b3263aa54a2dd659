using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Operations;

public sealed class OrchestrationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_administrator_sees_by_the_id_of_an_operation_how_its_orchestration_ended()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?>
        {
            ["BACKUP_BUCKET"] = $"test-explain-{Guid.CreateVersion7():n}", ["BACKUP_SCHEDULE"] = "0 0 2 1 1 *", ["BACKUP_DRILL_SCHEDULE"] = "0 0 2 1 1 *",
        });
        using var admin = await Host.NewUserAsync(SystemRole.Admin, app);
        using var manager = await Host.NewUserAsync(SystemRole.Manager, app);
        var operation = (await admin.PostAsync("operations/backups", new { database = "users" })).Expect(202).Id;

        await Waiting.UntilAsync(async () => (await admin.GetAsync($"orchestrations/{operation}")).Expect(200).Body.GetProperty("status").GetString() is "Completed" or "Failed", "the operation ends");
        var explained = (await admin.GetAsync($"orchestrations/{operation}")).Body;

        Assert.Equal("RunOperation", explained.GetProperty("orchestrator").GetString());
        Assert.StartsWith("It ", explained.GetProperty("summary").GetString());
        Assert.Empty(explained.GetProperty("waitsFor").EnumerateArray());
        (await manager.GetAsync($"orchestrations/{operation}")).Expect(403);
        (await admin.GetAsync("orchestrations/nothing")).Expect(404);
    }
}
