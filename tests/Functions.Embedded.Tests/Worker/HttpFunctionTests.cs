using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using static VisionPlatform.Functions.Embedded.Tests.Worker.HttpFunctionTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class HttpFunctionTests
{
    [Theory]
    [InlineData("/api/items/7", "item 7")]
    [InlineData("/api/items/7/parts", "parts of 7: all")]
    [InlineData("/api/items/7/parts/wheel", "parts of 7: wheel")]
    [InlineData("/api/files/a/b/c.png", "file a/b/c.png")]
    [InlineData("/api/Plain", "plain")]
    public async Task Routes_support_constraints_optional_segments_catch_alls_and_the_functions_name(string path, string expected)
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(RouteFunctions)]);

        Assert.Equal(expected, await app.Client.GetStringAsync(path));
    }

    [Fact]
    public async Task Unknown_paths_answer_404_and_other_methods_405_with_the_allowed_ones()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(RouteFunctions)]);

        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.GetAsync("/api/items/seven")).StatusCode);
        HttpResponseMessage wrongMethod = await app.Client.DeleteAsync("/api/items/7");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, wrongMethod.StatusCode);
        Assert.Equal(["GET"], wrongMethod.Content.Headers.Allow);
    }

    [Fact]
    public async Task The_route_prefix_of_host_json_replaces_api()
    {
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(RouteFunctions)], hostJson: """{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""");

        Assert.Equal("item 7", await app.Client.GetStringAsync("/items/7"));
        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.GetAsync("/api/items/7")).StatusCode);
    }

    [Fact]
    public async Task Route_and_query_values_are_bound_by_name_and_type()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(BindingFunctions)]);
        Guid id = Guid.NewGuid();

        JsonElement bound = await app.Client.GetFromJsonAsync<JsonElement>(
            $"/api/bind/{id}?limit=5&big=9000000000&deep=true&since=2026-01-02T03:04:05Z&note=a%20b");

        Assert.Equal(id, bound.GetProperty("id").GetGuid());
        Assert.Equal(5, bound.GetProperty("limit").GetInt32());
        Assert.Equal(9000000000, bound.GetProperty("big").GetInt64());
        Assert.True(bound.GetProperty("deep").GetBoolean());
        Assert.Equal(DateTimeOffset.Parse("2026-01-02T03:04:05Z", null), bound.GetProperty("since").GetDateTimeOffset());
        Assert.Equal("a b", bound.GetProperty("note").GetString());
        Assert.Equal("Bind", bound.GetProperty("function").GetString());
    }

    [Fact]
    public async Task Missing_values_are_the_default_or_null()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(BindingFunctions)]);

        JsonElement bound = await app.Client.GetFromJsonAsync<JsonElement>($"/api/bind/{Guid.NewGuid()}");

        Assert.Equal(20, bound.GetProperty("limit").GetInt32());
        Assert.Equal(JsonValueKind.Null, bound.GetProperty("big").ValueKind);
        Assert.Equal(JsonValueKind.Null, bound.GetProperty("since").ValueKind);
        Assert.Equal(JsonValueKind.Null, bound.GetProperty("note").ValueKind);
    }

    [Fact]
    public async Task An_invalid_value_answers_400_and_is_named()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(BindingFunctions)]);

        HttpResponseMessage answer = await app.Client.GetAsync($"/api/bind/{Guid.NewGuid()}?limit=many");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("'limit'", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("action", HttpStatusCode.Created, "application/json", "{\"name\":\"made\"}")]
    [InlineData("result", HttpStatusCode.Accepted, "application/json", "{\"name\":\"later\"}")]
    [InlineData("multi", HttpStatusCode.NoContent, null, "")]
    [InlineData("void", (HttpStatusCode)418, null, "")]
    [InlineData("plain-task", HttpStatusCode.OK, null, "written")]
    public async Task Every_kind_of_result_becomes_the_response(string path, HttpStatusCode status, string? mediaType, string body)
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(ResultFunctions)]);

        HttpResponseMessage answer = await app.Client.GetAsync("/api/" + path);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(mediaType, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Function_classes_get_scoped_services_that_are_disposed_after_the_request()
    {
        Probe probe = new();
        await using RunningApp app = await RunningApp.StartAsync([typeof(InstanceFunctions)], configure: b =>
        {
            b.Services.AddSingleton(probe);
            b.Services.AddScoped<ScopedThing>();
        });

        string first = await app.Client.GetStringAsync("/api/Instance");
        string second = await app.Client.GetStringAsync("/api/Instance");

        Assert.Equal("same scope: True", first);
        Assert.Equal("same scope: True", second);
        await Eventually.TrueAsync(() => probe.Disposed == 2, "two scoped services disposed");
    }

    [Fact]
    public async Task An_unhandled_exception_is_logged_and_answers_500_without_details()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(ResultFunctions)]);

        HttpResponseMessage answer = await app.Client.GetAsync("/api/throws");
        string body = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("secret", body);
        Assert.DoesNotContain(" at ", body);
        Assert.Contains(app.Log.Lines, l => l.StartsWith("Error: throws failed", StringComparison.Ordinal) && l.Contains("secret detail"));
    }

    [Fact]
    public async Task Cross_origin_requests_and_preflights_of_listed_origins_are_allowed()
    {
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(RouteFunctions)], new() { ["Host:CORS"] = "https://console.example, http://localhost:5173" });

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/items/7");
        preflight.Headers.Add("Origin", "http://localhost:5173");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        HttpResponseMessage allowed = await app.Client.SendAsync(preflight);
        using var stranger = new HttpRequestMessage(HttpMethod.Get, "/api/items/7");
        stranger.Headers.Add("Origin", "https://elsewhere.example");
        HttpResponseMessage refused = await app.Client.SendAsync(stranger);

        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Equal(["http://localhost:5173"], allowed.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));
    }

    public sealed record Thing(string Name);

    public sealed record Outputs([property: HttpResult] IActionResult Answer);

    public sealed class Probe
    {
        private int _disposed;

        public int Disposed => _disposed;

        public void Dispose() => Interlocked.Increment(ref _disposed);
    }

    public sealed class ScopedThing(Probe probe) : IDisposable
    {
        public void Dispose() => probe.Dispose();
    }
}

public static class RouteFunctions
{
    [Function("Item")]
    public static IActionResult Item([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id:int}")] HttpRequest request, int id)
        => new OkObjectResult($"item {id}");

    [Function("Parts")]
    public static IActionResult Parts(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id:int}/parts/{part?}")] HttpRequest request, int id, string? part)
        => new ContentResult { Content = $"parts of {id}: {part ?? "all"}" };

    [Function("File")]
    public static IActionResult File([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "files/{*path}")] HttpRequest request, string path)
        => new OkObjectResult($"file {path}");

    [Function("Plain")]
    public static IActionResult Plain([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => new OkObjectResult("plain");
}

public static class BindingFunctions
{
    [Function("Bind")]
    public static IActionResult Bind(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "bind/{id}")] HttpRequest request,
        FunctionContext context,
        CancellationToken cancellation,
        Guid id,
        long? big,
        bool? deep,
        DateTimeOffset? since,
        string? note,
        int limit = 20)
    {
        Assert.Same(request.HttpContext, context.GetHttpContext());
        Assert.Equal(id.ToString(), context.BindingContext.BindingData["id"]);
        Assert.True(cancellation.CanBeCanceled);
        Assert.Equal($"{typeof(BindingFunctions).FullName}.Bind", context.FunctionDefinition.EntryPoint);
        Assert.Equal(typeof(BindingFunctions).Assembly.Location, context.FunctionDefinition.PathToAssembly);
        return new OkObjectResult(new { id, limit, big, deep, since, note, function = context.FunctionDefinition.Name });
    }
}

public static class ResultFunctions
{
    private const string Get = "get";

    [Function("action")]
    public static async Task<IActionResult> Action([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request)
    {
        await Task.Yield();
        return new CreatedResult("/things/1", new Thing("made"));
    }

    [Function("result")]
    public static IResult Result([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request)
        => Results.Accepted("/things/1", new Thing("later"));

    [Function("multi")]
    public static Outputs Multi([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request) => new(new NoContentResult());

    [Function("void")]
    public static void Nothing([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request)
        => request.HttpContext.Response.StatusCode = StatusCodes.Status418ImATeapot;

    [Function("plain-task")]
    public static async Task PlainTask([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request)
        => await request.HttpContext.Response.WriteAsync("written");

    [Function("throws")]
    public static IActionResult Throws([HttpTrigger(AuthorizationLevel.Anonymous, Get)] HttpRequest request)
        => throw new InvalidOperationException("secret detail");
}

public sealed class InstanceFunctions(ScopedThing thing)
{
    [Function("Instance")]
    public IActionResult Instance([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, FunctionContext context)
        => new OkObjectResult($"same scope: {ReferenceEquals(thing, context.InstanceServices.GetRequiredService<ScopedThing>())
            && ReferenceEquals(thing, request.HttpContext.RequestServices.GetRequiredService<ScopedThing>())}");
}
