using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class WebhookTests(DurableDatabase database) : IClassFixture<DurableDatabase>, IAsyncLifetime
{
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private DurableTaskClient Client => _app.Services.GetRequiredService<DurableTaskClient>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DURABLE_DATABASE_URL"] = database.ConnectionString,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = $"web-{Guid.NewGuid():N}",
            ["FUNCTIONS_MASTER_KEY"] = "secret",
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IDurableFunctions>(new TestFunctions()
            .Activity<string, string>("Say", name => $"Hello {name}")
            .Orchestrator("Greet", context => context.CallActivityAsync<string>("Say", context.GetInput<string>()))
            .Orchestrator("Fail", Task<string> (_) => throw new InvalidOperationException("broken"))
            .Orchestrator("Wait", async context =>
            {
                context.SetCustomStatus(new { stage = "waiting" });
                return await context.WaitForExternalEvent<JsonNode>("approve");
            }));
        builder.Services.AddDurableEngine();
        builder.Services.AddHostedService(services => services.GetRequiredService<DurableEngine>());
        _app = builder.Build();
        _app.MapDurableWebhooks();
        await _app.StartAsync();
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _http = new HttpClient { BaseAddress = new Uri(address + "/runtime/webhooks/durabletask/") };
        _http.DefaultRequestHeaders.Add("x-functions-key", "secret");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_request_needs_the_key_in_the_header_or_the_query()
    {
        using var anonymous = new HttpClient { BaseAddress = _http.BaseAddress };

        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync("instances", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync("instances?code=wrong", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.GetAsync("instances?code=secret", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_finished_instance_has_input_output_and_history()
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync("Greet", "Ada", Cancellation);
        await Client.WaitForInstanceCompletionAsync(id, Cancellation);

        HttpResponseMessage response = await _http.GetAsync($"instances/{id}?showHistory=true&showHistoryOutput=true", Cancellation);
        JsonNode json = (await response.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            ["name", "instanceId", "runtimeStatus", "input", "customStatus", "output", "createdTime", "lastUpdatedTime", "historyEvents"],
            json.AsObject().Select(member => member.Key));
        Assert.Equal(("Greet", id, "Completed", "Ada", "Hello Ada"), ((string)json["name"]!, (string)json["instanceId"]!, (string)json["runtimeStatus"]!, (string)json["input"]!, (string)json["output"]!));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", (string)json["createdTime"]!);
        JsonArray history = json["historyEvents"]!.AsArray();
        Assert.Equal(["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"], history.Select(e => (string)e!["EventType"]!));
        Assert.Equal(("Say", "Hello Ada"), ((string)history[1]!["FunctionName"]!, (string)history[1]!["Result"]!));
        Assert.Null((await _http.GetFromJsonAsync<JsonNode>($"instances/{id}?showInput=false", Cancellation))!["input"]);
    }

    [Fact]
    public async Task A_running_instance_answers_202_with_its_location_and_accepts_an_event()
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await Client.WaitForInstanceStartAsync(id, Cancellation);

        HttpResponseMessage running = await _http.GetAsync($"instances/{id}", Cancellation);
        HttpResponseMessage raised = await _http.PostAsJsonAsync($"instances/{id}/raiseEvent/approve", new { by = "Ada" }, Cancellation);
        OrchestrationMetadata end = await Client.WaitForInstanceCompletionAsync(id, true, Cancellation);
        HttpResponseMessage late = await _http.PostAsJsonAsync($"instances/{id}/raiseEvent/approve", new { by = "Bob" }, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, running.StatusCode);
        Assert.EndsWith($"/instances/{id}", running.Headers.Location!.AbsolutePath);
        JsonNode body = (await running.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal("waiting", (string)body["customStatus"]!["stage"]!);
        Assert.Equal(HttpStatusCode.Accepted, raised.StatusCode);
        Assert.Equal("""{"by":"Ada"}""", end.SerializedOutput);
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.PostAsJsonAsync("instances/nobody/raiseEvent/approve", 1, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("instances/nobody", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task An_event_that_is_not_json_is_refused()
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        HttpResponseMessage text = await _http.PostAsync($"instances/{id}/raiseEvent/approve", new StringContent("hello"), Cancellation);
        HttpResponseMessage broken = await _http.PostAsync(
            $"instances/{id}/raiseEvent/approve", new StringContent("{", Encoding.UTF8, "application/json"), Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (text.StatusCode, broken.StatusCode));
    }

    [Fact]
    public async Task Instances_are_suspended_resumed_terminated_and_purged()
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, (await _http.PostAsync($"instances/{id}/suspend?reason=pause", null, Cancellation)).StatusCode);
        await Eventually.TrueAsync(async () => (await Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);
        Assert.Equal(HttpStatusCode.Accepted, (await _http.PostAsync($"instances/{id}/resume", null, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.DeleteAsync($"instances/{id}", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await _http.PostAsync($"instances/{id}/terminate?reason=enough", null, Cancellation)).StatusCode);
        JsonNode ended = (await _http.GetFromJsonAsync<JsonNode>($"instances/{id}", Cancellation))!;
        Assert.Equal(("Terminated", "enough"), ((string)ended["runtimeStatus"]!, (string)ended["output"]!));
        Assert.Equal(HttpStatusCode.Gone, (await _http.PostAsync($"instances/{id}/terminate", null, Cancellation)).StatusCode);
        HttpResponseMessage purged = await _http.DeleteAsync($"instances/{id}", Cancellation);
        Assert.Equal(1, (int)(await purged.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["instancesDeleted"]!);
    }

    [Fact]
    public async Task Instances_are_listed_by_status_in_pages_and_purged_by_filter()
    {
        for (int i = 0; i < 3; i++)
            await Client.WaitForInstanceCompletionAsync(await Client.ScheduleNewOrchestrationInstanceAsync("Greet", $"{i}", Cancellation), Cancellation);
        await Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        HttpResponseMessage first = await _http.GetAsync("instances?runtimeStatus=Completed,Failed&top=2", Cancellation);
        using var next = new HttpRequestMessage(HttpMethod.Get, "instances?runtimeStatus=Completed,Failed&top=2");
        next.Headers.Add("x-ms-continuation-token", first.Headers.GetValues("x-ms-continuation-token").Single());
        HttpResponseMessage second = await _http.SendAsync(next, Cancellation);
        string since = Uri.EscapeDataString(DateTimeOffset.UtcNow.AddHours(-1).ToString("o"));
        HttpResponseMessage purged = await _http.DeleteAsync($"instances?createdTimeFrom={since}&runtimeStatus=Completed", Cancellation);

        Assert.Equal(2, (await first.Content.ReadFromJsonAsync<JsonArray>(Cancellation))!.Count);
        Assert.Single((await second.Content.ReadFromJsonAsync<JsonArray>(Cancellation))!);
        Assert.False(second.Headers.Contains("x-ms-continuation-token"));
        Assert.Equal(3, (int)(await purged.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["instancesDeleted"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync("instances?runtimeStatus=Odd", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.DeleteAsync("instances", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.DeleteAsync($"instances?createdTimeFrom={since}", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_failed_instance_shows_its_failure_and_can_be_restarted_and_rewound()
    {
        HttpResponseMessage started = await _http.PostAsJsonAsync("orchestrators/Fail/failing", 1, Cancellation);
        JsonNode urls = (await started.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        await Client.WaitForInstanceCompletionAsync("failing", Cancellation);

        JsonNode failed = (await _http.GetFromJsonAsync<JsonNode>((string)urls["statusQueryGetUri"]!, Cancellation))!;
        Assert.Equal(HttpStatusCode.InternalServerError, (await _http.GetAsync("instances/failing?returnInternalServerErrorOnFailure=true", Cancellation)).StatusCode);
        HttpResponseMessage restarted = await _http.PostAsync("instances/failing/restart", null, Cancellation);
        HttpResponseMessage rewound = await _http.PostAsync("instances/failing/rewind?reason=again", null, Cancellation);
        await Client.WaitForInstanceCompletionAsync("failing", Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal(("Failed", "System.InvalidOperationException: broken"), ((string)failed["runtimeStatus"]!, (string)failed["output"]!));
        Assert.Equal(HttpStatusCode.Accepted, restarted.StatusCode);
        Assert.NotEqual("failing", (string)(await restarted.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["id"]!);
        Assert.Equal(HttpStatusCode.Accepted, rewound.StatusCode);
    }
}
