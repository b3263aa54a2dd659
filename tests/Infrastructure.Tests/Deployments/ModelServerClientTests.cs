using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Tests;

namespace VisionPlatform.Infrastructure.Tests.Deployments;

/// <summary>Which model server answers, with servers that the tests play.</summary>
public sealed class ModelServerClientTests : IAsyncDisposable
{
    private const string Answer = """{"results":[{"index":0,"class":"dent","confidence":0.9,"top":[{"class":"dent","confidence":0.9}]}],"inferenceMs":1.5}""";

    private readonly List<WebApplication> _servers = [];
    private readonly List<(Uri Server, string Call)> _calls = [];

    private static readonly ModelServerFile Model = new(Guid.Parse("01900000-0000-7000-8000-000000000001"), new Uri("http://127.0.0.1:1/model"), new string('a', 64), 10, "onnx", JsonElement.Parse("{}"));

    [Fact]
    public void A_model_has_the_same_order_of_servers_everywhere_and_keeps_it_when_another_server_leaves()
    {
        Uri[] urls = [.. Enumerable.Range(1, 5).Select(number => new Uri($"http://models-{number}/"))];
        using var one = new ModelServerClient(new ModelServerSettings(urls, null), TimeProvider.System);
        using var other = new ModelServerClient(new ModelServerSettings([.. urls.Reverse()], null), TimeProvider.System);
        Guid[] models = [.. Enumerable.Range(0, 200).Select(_ => Guid.NewGuid())];

        Assert.All(models, id => Assert.Equal(one.OrderFor(id), other.OrderFor(id)));
        Assert.Equal(5, models.Select(id => one.OrderFor(id)[0]).Distinct().Count());
        using var fewer = new ModelServerClient(new ModelServerSettings(urls[..4], null), TimeProvider.System);
        Assert.All(models, id => Assert.Equal(one.OrderFor(id).Where(url => url != urls[4]), fewer.OrderFor(id)));
    }

    [Fact]
    public async Task The_next_server_answers_when_the_first_is_away_or_busy()
    {
        var away = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/");
        var busy = await StartAsync(_ => Results.Json(new { code = "MODEL_SERVER_BUSY", detail = "busy" }, statusCode: 503));
        var good = await StartAsync(_ => Results.Text(Answer, "application/json"));
        using var client = Client(away, busy, good);

        // Whatever the order is, one of the two that answer is good.
        var reply = await client.PredictAsync(Model, [[1], [2, 3]], 5, 0.5, TestContext.Current.CancellationToken);

        var prediction = Assert.Single(reply.Predictions);
        Assert.Equal("dent", prediction.Prediction.Class);
        Assert.Contains(_calls, call => call.Server == good && call.Call == $"POST /v1/models/{Model.Id}/predict?topK=5&minScore=0.5 11");
    }

    [Fact]
    public async Task A_server_without_the_model_is_told_to_load_it_and_the_caller_learns_how_far_it_is()
    {
        Task<Uri> ColdAsync() => StartAsync(request => request.Method == "PUT"
            ? Results.Json(new { state = "loading", bytes = 10, loadedBytes = 4 }, statusCode: 202)
            : Results.Json(new { code = "MODEL_NOT_LOADED" }, statusCode: 404));
        var (first, second) = (await ColdAsync(), await ColdAsync());
        using var client = Client(first, second);

        var cold = await Assert.ThrowsAsync<ProblemException>(() => client.PredictAsync(Model, [[1]], 5, null, TestContext.Current.CancellationToken));

        Assert.Equal((ErrorCodes.ModelLoading, 4L), (cold.Error, cold.Readiness!.LoadedBytes));
        Assert.NotNull(cold.RetryAfter);
        Assert.Equal(2, _calls.Count(call => call.Call.StartsWith($"PUT /v1/models/{Model.Id} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task When_no_server_answers_the_failure_is_transient()
    {
        using var client = Client(new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/"));

        var away = await Assert.ThrowsAsync<ProblemException>(() => client.PredictAsync(Model, [[1]], 5, null, TestContext.Current.CancellationToken));

        Assert.Equal((ErrorCodes.ModelServerUnavailable, ErrorCategory.Transient), (away.Error, away.Error.Category));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_model_is_ready_only_when_each_server_that_may_answer_has_run_it(int placeOfReady)
    {
        Uri? ready = null;
        IResult Load(HttpRequest request) => request.Host.Port == ready!.Port
            ? Results.Json(new { state = "ready", bytes = 10, loadedBytes = 10 })
            : Results.Json(new { state = "loading", bytes = 10, loadedBytes = 4 }, statusCode: 202);
        using var client = Client(await StartAsync(Load), await StartAsync(Load));
        ready = client.OrderFor(Model.Id)[placeOfReady];

        var cold = await Assert.ThrowsAsync<ProblemException>(() => client.LoadAsync(Model, TimeSpan.Zero, TestContext.Current.CancellationToken));

        Assert.Equal(ErrorCodes.ModelLoading, cold.Error);
        Assert.Equal(2, _calls.Select(call => call.Server).Distinct().Count());
    }

    [Fact]
    public async Task A_server_that_is_away_does_not_keep_a_model_from_being_ready()
    {
        var ready = await StartAsync(_ => Results.Json(new { state = "ready", bytes = 10, loadedBytes = 10 }));
        using var client = Client(new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/"), ready);

        await client.LoadAsync(Model, TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

        Assert.Equal([ready], _calls.Select(call => call.Server));
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_says_why()
    {
        var server = await StartAsync(_ => Results.Json(new { code = "MODEL_TOO_LARGE", detail = "too large" }, statusCode: 422));
        using var client = Client(server);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => client.LoadAsync(Model, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        Assert.Equal((ErrorCodes.ModelTooLarge, "too large"), (refused.Error, refused.Message));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private static ModelServerClient Client(params Uri[] servers) => new(new ModelServerSettings(servers, "key"), TimeProvider.System);

    private async Task<Uri> StartAsync(Func<HttpRequest, IResult> answer)
    {
        var url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url.ToString());
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Run(async context =>
        {
            Assert.Equal("Bearer key", context.Request.Headers.Authorization);
            lock (_calls)
                _calls.Add((url, $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.ContentLength}"));
            await answer(context.Request).ExecuteAsync(context);
        });
        await server.StartAsync();
        _servers.Add(server);
        return url;
    }
}
