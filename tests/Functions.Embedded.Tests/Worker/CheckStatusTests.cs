using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using static VisionPlatform.Functions.Embedded.Tests.Worker.CheckStatusTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

/// <summary>The host-neutral HTTP model, check-status answers, and requests of orchestrators.</summary>
public sealed class CheckStatusTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_check_status_response_leads_to_the_instance_until_it_has_ended()
    {
        await using RunningApp app = await StartAsync();

        HttpResponseMessage started = await app.Client.PostAsJsonAsync("/api/start", new { name = "Ann" }, Cancellation);
        JsonElement body = await started.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        HttpResponseMessage status = null!;
        await Eventually.TrueAsync(
            async () => (status = await app.Client.GetAsync(started.Headers.Location, Cancellation)).StatusCode != HttpStatusCode.Accepted, "the instance ends");

        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal("application/json", started.Content.Headers.ContentType!.MediaType);
        Assert.Equal(started.Headers.Location!.ToString(), body.GetProperty("StatusQueryGetUri").GetString());
        Assert.Contains("raiseEvent/{eventName}", body.GetProperty("SendEventPostUri").GetString());
        Assert.Equal("Ann", (await status.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("output").GetString());
    }

    [Fact]
    public async Task Functions_can_use_the_host_neutral_request_and_response()
    {
        await using RunningApp app = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/mirror?q=1&q=2") { Content = new StringContent("text") };
        request.Headers.Add("x-own", "header");
        request.Headers.Add("Cookie", "c=v");

        HttpResponseMessage answer = await app.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("PUT 1,2 header v text", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("yes", answer.Headers.GetValues("x-answer").Single());
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("seen=1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_orchestrator_calls_http_endpoints_polls_after_202_and_retries()
    {
        await using RunningApp app = await StartAsync();
        var client = app.Host.Services.GetRequiredService<DurableTaskClient>();

        string id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(CheckStatusFunctions.CallHttp), app.Address, Cancellation);
        OrchestrationMetadata end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancellation).EndsAsync();

        Assert.True(end.RuntimeStatus == OrchestrationRuntimeStatus.Completed, end.FailureDetails?.ToString());
        string[] answers = end.ReadOutputAs<string[]>()!;
        Assert.Equal(["200 ready", "202", "200 POST body application/json", "200 after 3"], answers[..4]);
        Assert.StartsWith("404 {\"title\":\"Not Found\"", answers[4], StringComparison.Ordinal);
    }

    private async Task<RunningApp> StartAsync() => await RunningApp.StartAsync(
        [typeof(CheckStatusFunctions)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() }, b => b.Services.AddSingleton<Counts>());

    public sealed class Counts
    {
        private int _flaky;
        private int _polls;

        public int Flaky => Interlocked.Increment(ref _flaky);

        public int Polls => Interlocked.Increment(ref _polls);
    }

    public sealed record Person(string Name);
}

public sealed class CheckStatusFunctions(Counts counts)
{
    [Function("Start")]
    public static async Task<HttpResponseData> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "start")] HttpRequestData request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        Person person = (await request.ReadFromJsonAsync<Person>(cancellation))!;
        string id = await client.ScheduleNewOrchestrationInstanceAsync("Name", person.Name, cancellation);
        return await client.CreateCheckStatusResponseAsync(request, id, cancellation);
    }

    [Function("Name")]
    public static Task<string> Name([OrchestrationTrigger] TaskOrchestrationContext context, string name) => Task.FromResult(name);

    [Function("Mirror")]
    public static async Task<HttpResponseData> Mirror([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "mirror")] HttpRequestData request)
    {
        HttpResponseData answer = request.CreateResponse(HttpStatusCode.Created);
        answer.Headers.Add("x-answer", "yes");
        answer.Cookies.Append("seen", "1");
        await answer.WriteStringAsync(
            $"{request.Method} {request.Query["q"]} {request.Headers.GetValues("x-own").Single()} {request.Cookies.Single().Value} {await request.ReadAsStringAsync()}");
        return answer;
    }

    [Function(nameof(CallHttp))]
    public static async Task<string[]> CallHttp([OrchestrationTrigger] TaskOrchestrationContext context, Uri root)
    {
        var answers = new List<DurableHttpResponse>
        {
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, new Uri(root, "api/slow")) { AsynchronousPatternEnabled = true }),
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, new Uri(root, "api/slow")) { AsynchronousPatternEnabled = false }),
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Post, new Uri(root, "api/echo")) { Content = "body" }),
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, new Uri(root, "api/flaky"))
            {
                HttpRetryOptions = new HttpRetryOptions([HttpStatusCode.ServiceUnavailable]) { MaxNumberOfAttempts = 5, FirstRetryInterval = TimeSpan.FromMilliseconds(5) },
            }),
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, new Uri(root, "api/nowhere"))),
        };
        return [.. answers.Select(answer => $"{(int)answer.StatusCode} {answer.Content}".Trim())];
    }

    /// <summary>202 with a place to look at, and there 202 once more before it is ready.</summary>
    [Function("Slow")]
    public static IActionResult Slow([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "slow")] HttpRequest request)
    {
        request.HttpContext.Response.Headers.RetryAfter = "0";
        request.HttpContext.Response.Headers.Location = "/api/poll";
        return new StatusCodeResult(StatusCodes.Status202Accepted);
    }

    [Function("Poll")]
    public IActionResult Poll([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "poll")] HttpRequest request) =>
        counts.Polls < 2 ? Slow(request) : new ContentResult { Content = "ready" };

    [Function("Echo")]
    public static async Task<IActionResult> Echo([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "echo")] HttpRequest request) => new ContentResult
    {
        Content = $"{request.Method} {await new StreamReader(request.Body).ReadToEndAsync()} {request.ContentType?.Split(';')[0]}",
    };

    [Function("Flaky")]
    public IActionResult Flaky([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "flaky")] HttpRequest request)
    {
        int call = counts.Flaky;
        return call < 3 ? new StatusCodeResult(StatusCodes.Status503ServiceUnavailable) : new ContentResult { Content = $"after {call}" };
    }
}
