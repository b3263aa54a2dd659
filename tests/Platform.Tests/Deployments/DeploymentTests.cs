using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Platform.Tests.Contract;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Deployments;

/// <summary>Deployments and exports on the data of the examples, with a trainer that answers predictions.</summary>
public sealed class DeploymentTests(PlatformHost host, SharedContractApp shared) : PlatformTests(host), IClassFixture<SharedContractApp>
{
    private const string Key = "vpd_a key of the test";

    [Fact]
    public async Task A_prediction_is_counted_and_seen_by_who_asks_for_changes_and_is_no_edit()
    {
        var contract = shared.Contract;
        await contract.Data.ResetAsync("getDeployment");
        var before = (await contract.SendAsync("getDeployment")).Expect(200);

        for (var i = 0; i < 2; i++)
            (await contract.SendAsync("predict")).Expect(200);

        string seen = before.Headers.ETag!.ToString();
        var after = (await contract.SendAsync("getDeployment", ("If-None-Match", seen))).Expect(200);
        // The app may still have had predictions of other tests to count.
        int Count(ApiAnswer answer, string name) => answer.Body.GetProperty(name).GetInt32();
        Assert.Equal(Count(before, "requestCount") + 2, Count(after, "requestCount"));
        (await contract.SendAsync("getDeployment", ("If-None-Match", after.Headers.ETag!.ToString()))).Expect(304);
        Assert.Equal(Count(before, "imageCount") + 2, (await contract.SendAsync("listDeployments")).Expect(200).Items.Single().GetProperty("imageCount").GetInt32());
        (await contract.SendAsync("deactivateDeployment", ("If-Match", seen))).Expect(204);
    }

    [Fact]
    public async Task A_caller_may_send_only_so_many_predictions_a_minute()
    {
        await using var contract = await ContractApp.StartAsync(Host, ("RATE_LIMIT_PREDICTIONS", "2"));
        await contract.Data.ResetAsync("predict");
        await using (var database = contract.App.Databases.OpenPlatform())
            await database.Deployments.ExecuteUpdateAsync(set => set.SetProperty(deployment => deployment.ApiKeyHash, DeploymentKey.Hash(Key)));

        for (var i = 0; i < 2; i++)
            (await contract.SendAsync("predict")).Expect(200);

        Assert.NotNull((await contract.SendAsync("predict")).Expect(429, "RATE_LIMITED").Headers.RetryAfter);
        // The key of the deployment is another caller, and other requests are not affected.
        (await contract.SendAsync("predict", ("Authorization", $"Bearer {Key}"))).Expect(200);
        (await contract.SendAsync("getDeployment")).Expect(200);
    }

    [Fact]
    public async Task A_deployment_of_a_deleted_project_answers_nobody()
    {
        var contract = shared.Contract;
        await contract.Data.ResetAsync("predict");
        await using (var database = contract.App.Databases.OpenPlatform())
        {
            await database.Deployments.ExecuteUpdateAsync(set => set.SetProperty(deployment => deployment.ApiKeyHash, DeploymentKey.Hash(Key)));
            (await contract.SendAsync("predict", ("Authorization", $"Bearer {Key}"))).Expect(200);
            await database.Projects.ExecuteUpdateAsync(set => set.SetProperty(project => project.DeletedAt, DateTimeOffset.UtcNow));
        }

        (await contract.SendAsync("predict", ("Authorization", $"Bearer {Key}"))).Expect(401, "UNAUTHENTICATED");
        (await contract.SendAsync("predict")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Exports_under_way_count_against_the_limit_of_the_account()
    {
        var contract = shared.Contract;
        await contract.Data.ResetAsync("createExports");
        await using (var users = contract.App.Databases.OpenUsers())
            await users.Database.ExecuteSqlAsync($"UPDATE users SET role = 'standard_engineer'");
        await using (var database = contract.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlRawAsync(
                $"""
                INSERT INTO exports (id, project_id, model_version_id, format, options, state, created_by, created_at)
                SELECT gen_random_uuid(), '{Examples.Project}', '{Examples.ModelVersion}', 'onnx', options, 'pending', '{Examples.User}', now() FROM exports, generate_series(1, 10)
                """);

        var quota = (await contract.SendAsync("createExports")).Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota");

        Assert.Equal(("concurrent_exports", 10, 10), (quota.GetProperty("kind").GetString(), quota.GetProperty("limit").GetInt32(), quota.GetProperty("used").GetInt32()));
    }
}
