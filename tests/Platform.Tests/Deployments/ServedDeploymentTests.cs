using VisionPlatform.Api.Http;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.ModelServer.Tests;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Deployments;

/// <summary>Deployments of ONNX exports, served by two model servers.</summary>
public sealed class ServedDeploymentTests(PlatformHost host) : PlatformTests(host)
{
    private const string Image = ServedDeployment.Image, Garbage = "bm90IGFuIGltYWdl";

    [Fact]
    public async Task A_cold_model_says_so_and_a_bad_image_fails_alone_and_another_server_takes_over()
    {
        await using var served = await ServedDeployment.StartAsync(Host);

        var cold = (await served.PredictAsync(Image)).Expect(503, "MODEL_LOADING");
        Assert.NotNull(cold.Headers.RetryAfter);
        Assert.Equal("loading", cold.Body.GetProperty("readiness").GetProperty("state").GetString());
        var warm = await served.UntilWarmAsync();
        Assert.Equal(3, warm.GetProperty("predictions")[0].GetProperty("top").GetArrayLength());

        var mixed = (await served.PredictAsync(Image, Garbage, "not base64")).Expect(200).Body.GetProperty("predictions");
        Assert.False(mixed[0].TryGetProperty("error", out _));
        Assert.All([mixed[1], mixed[2]], item => Assert.Equal("INVALID_IMAGE", item.GetProperty("error").GetProperty("code").GetString()));
        (await served.PredictAsync(Garbage)).Expect(422, "INVALID_IMAGE");

        // Both hold the model. The first in its order answers, so one of two ends takes that one away.
        foreach (var server in served.Servers)
            Assert.Equal(1, (await server.SendAsync(HttpMethod.Get, "/v1/models")).Body.GetProperty("items").GetArrayLength());
        using var order = new ModelServerClient(new ModelServerSettings([.. served.Servers.Select(server => server.Address)], null), TimeProvider.System);
        var serving = served.Servers.Single(server => server.Address == order.OrderFor(Guid.Parse(Examples.Export))[0]);
        served.Servers.Remove(serving);
        await serving.DisposeAsync();
        await served.UntilWarmAsync();
    }

    [Fact]
    public async Task A_model_server_with_another_key_is_not_available_and_says_which_setting_is_wrong()
    {
        await using var served = await ServedDeployment.StartAsync(Host, "another key");

        var refused = (await served.PredictAsync(Image)).Expect(503, "MODEL_SERVER_UNAVAILABLE");

        Assert.Contains("MODEL_SERVER_API_KEY", refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
