using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.ModelServer.Tests;
using VisionPlatform.Platform.Tests.Contract;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Deployments;

/// <summary>Deployments of ONNX exports, served by two model servers.</summary>
public sealed class ServedDeploymentTests(PlatformHost host) : PlatformTests(host), IAsyncLifetime
{
    // A PNG of one grey pixel.
    private const string Image = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
    private const string Garbage = "bm90IGFuIGltYWdl";

    private readonly ModelFolder _models = new();
    private readonly List<ServerProcess> _servers = [];

    public async ValueTask InitializeAsync()
    {
        await _models.InitializeAsync();
        _servers.Add(await ServerProcess.StartAsync());
        _servers.Add(await ServerProcess.StartAsync());
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        await _models.DisposeAsync();
    }

    [Fact]
    public async Task A_cold_model_says_so_and_a_bad_image_fails_alone_and_another_server_takes_over()
    {
        await using var contract = await StartAsync(ServerProcess.Key);

        var cold = (await PredictAsync(contract, Image)).Expect(503, "MODEL_LOADING");
        Assert.NotNull(cold.Headers.RetryAfter);
        Assert.Equal("loading", cold.Body.GetProperty("readiness").GetProperty("state").GetString());
        var warm = await UntilWarmAsync(contract);
        Assert.Equal(3, warm.GetProperty("predictions")[0].GetProperty("top").GetArrayLength());

        var mixed = (await PredictAsync(contract, Image, Garbage, "not base64")).Expect(200).Body.GetProperty("predictions");
        Assert.False(mixed[0].TryGetProperty("error", out _));
        Assert.All([mixed[1], mixed[2]], item => Assert.Equal("INVALID_IMAGE", item.GetProperty("error").GetProperty("code").GetString()));
        (await PredictAsync(contract, Garbage)).Expect(422, "INVALID_IMAGE");

        // Both hold the model. The first in its order answers, so one of two ends takes that one away.
        foreach (var server in _servers)
            Assert.Equal(1, (await server.SendAsync(HttpMethod.Get, "/v1/models")).Body.GetProperty("items").GetArrayLength());
        using var order = new ModelServerClient(new ModelServerSettings([.. _servers.Select(server => server.Address)], null), TimeProvider.System);
        var serving = _servers.Single(server => server.Address == order.OrderFor(Guid.Parse(Examples.Export))[0]);
        _servers.Remove(serving);
        await serving.DisposeAsync();
        await UntilWarmAsync(contract);
    }

    [Fact]
    public async Task A_model_server_with_another_key_is_not_available_and_says_which_setting_is_wrong()
    {
        await using var contract = await StartAsync("another key");

        var refused = (await PredictAsync(contract, Image)).Expect(503, "MODEL_SERVER_UNAVAILABLE");

        Assert.Contains("MODEL_SERVER_API_KEY", refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_revision_answers_without_a_failed_request_and_a_roll_back_leads_back()
    {
        await using var contract = await StartAsync(ServerProcess.Key);
        await UntilWarmAsync(contract);
        var export = await AddExportAsync(contract, ["one", "two", "three"]);
        var added = (await CallAsync(contract, "addDeploymentRevision", new { exportId = export })).Expect(201).Body;
        Assert.Equal(2, added.GetProperty("number").GetInt32());
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            var statuses = new List<int>();
            while (!stop.IsCancellationRequested)
                statuses.Add((int)(await PredictAsync(contract, Image)).Status);
            return statuses;
        });

        await UntilAsync(contract, "activateDeploymentRevision", address => address.Replace("/revisions/1/", "/revisions/2/", StringComparison.Ordinal));
        var second = (await PredictAsync(contract, Image)).Expect(200).Body;
        await UntilAsync(contract, "rollBackDeployment", address => address);
        var first = (await PredictAsync(contract, Image)).Expect(200).Body;
        await stop.CancelAsync();

        Assert.Equal((2, "one"), (second.GetProperty("revision").GetInt32(), second.GetProperty("predictions")[0].GetProperty("class").GetString()));
        Assert.Equal((1, "red"), (first.GetProperty("revision").GetInt32(), first.GetProperty("predictions")[0].GetProperty("class").GetString()));
        Assert.All(await traffic, status => Assert.Equal(200, status));
        (await CallAsync(contract, "deactivateDeployment")).Expect(204);
        (await PredictAsync(contract, Image)).Expect(409, "DEPLOYMENT_NOT_ACTIVE");
        await UntilAsync(contract, "activateDeploymentRevision", address => address);
        (await PredictAsync(contract, Image)).Expect(200);
    }

    [Fact]
    public async Task Usage_has_latencies_and_what_the_images_were_like()
    {
        await using var contract = await StartAsync(ServerProcess.Key);
        await UntilWarmAsync(contract);

        (await PredictAsync(contract, Image, Image, Garbage)).Expect(200);

        var usage = (await CallAsync(contract, "getDeploymentUsage")).Expect(200).Body;
        var total = usage.GetProperty("total");
        Assert.Equal((2, 4, 1), (total.GetProperty("requestCount").GetInt32(), total.GetProperty("imageCount").GetInt32(), total.GetProperty("refusedImages").GetInt32()));
        Assert.True(total.GetProperty("failedRequests").GetInt32() > 0, "the cold model was not counted");
        Assert.True(total.GetProperty("p50Ms").GetDouble() <= total.GetProperty("p99Ms").GetDouble());
        foreach (var histogram in (string[])["sizes", "brightness", "confidence"])
            Assert.Equal(3, total.GetProperty(histogram).EnumerateArray().Sum(bucket => bucket.GetInt32()));
        Assert.Equal(3, total.GetProperty("sizes")[0].GetInt32());
        Assert.All(usage.GetProperty("hours").EnumerateArray(), hour => Assert.Equal(1, hour.GetProperty("revision").GetInt32()));
    }

    private static async Task UntilAsync(ContractApp contract, string operation, Func<string, string> address)
    {
        while (true)
        {
            var answer = await CallAsync(contract, operation, address: address);
            if ((int)answer.Status == 200)
                return;
            answer.Expect(503, "MODEL_LOADING");
            await Task.Delay(50);
        }
    }

    private static Task<ApiAnswer> CallAsync(ContractApp contract, string id, object? body = null, Func<string, string>? address = null)
    {
        var operation = ApiDescription.Present.Operations.Single(one => one.Id == id);
        var example = operation.ExampleAddress();
        return contract.SendAsync(operation, address?.Invoke(example) ?? example, body is null ? null : JsonSerializer.Serialize(body));
    }

    /// <summary>Another export with the same file and other names of classes.</summary>
    private static async Task<Guid> AddExportAsync(ContractApp contract, string[] classes)
    {
        await using var database = contract.App.Databases.OpenPlatform();
        var (id, names) = (Guid.CreateVersion7(), JsonSerializer.Serialize(classes));
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO exports (id, project_id, model_version_id, format, options, state, key, size, sha256, metadata, created_by, created_at)
            SELECT {id}, project_id, model_version_id, format, options, state, key, size, sha256, jsonb_set(metadata, ARRAY['classes'], {names}::jsonb), created_by, created_at
            FROM exports WHERE id = {Guid.Parse(Examples.Export)}
            """);
        return id;
    }

    private async Task<ContractApp> StartAsync(string key)
    {
        var contract = await ContractApp.StartAsync(Host, ("MODEL_SERVER_URLS", string.Join(',', _servers.Select(server => server.Address))), ("MODEL_SERVER_API_KEY", key));
        await contract.Data.ResetAsync("predict");
        var request = JsonSerializer.SerializeToElement(_models.Request("classifier"));
        using var stores = Host.OpenStores();
        await stores.Internal.PutAsync("exports/example.onnx", await File.ReadAllBytesAsync(Path.Combine(_models.Folder, "classifier.onnx")), "application/octet-stream", CancellationToken.None);
        await using var database = contract.App.Databases.OpenPlatform();
        var export = await database.Exports.SingleAsync(row => row.Id == Guid.Parse(Examples.Export));
        (export.Sha256, export.Size, export.Metadata) = (request.GetProperty("sha256").GetString(), request.GetProperty("size").GetInt64(), request.GetProperty("metadata"));
        await database.SaveChangesAsync();
        return contract;
    }

    private static async Task<JsonElement> UntilWarmAsync(ContractApp contract)
    {
        while (true)
        {
            var answer = await PredictAsync(contract, Image);
            if ((int)answer.Status == 200)
                return answer.Body;
            answer.Expect(503, "MODEL_LOADING");
            await Task.Delay(50);
        }
    }

    private static Task<ApiAnswer> PredictAsync(ContractApp contract, params string[] images)
    {
        var operation = ApiDescription.Present.Operations.Single(one => one.Id == "predict");
        return contract.SendAsync(operation, operation.ExampleAddress(), JsonSerializer.Serialize(new { images, topK = 3 }));
    }
}
