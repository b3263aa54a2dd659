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
