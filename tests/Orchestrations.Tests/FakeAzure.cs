using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Azure.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VisionPlatform.Tests;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>
/// The part of Azure's management API that starts, lists, reads and stops executions of a Container Apps job, with one job
/// (https://learn.microsoft.com/rest/api/resource-manager/containerapps/jobs, 2024-03-01). It asks for tokens of <see cref="FakeCredential"/>.
/// </summary>
internal sealed class FakeAzure : IAsyncDisposable
{
    public const string JobId = "/subscriptions/00000000-0000-0000-0000-00000000beef/resourceGroups/rg-vision/providers/Microsoft.App/jobs/trainer-torchvision";

    private readonly WebApplication _app;

    private FakeAzure(WebApplication app, Uri url) => (_app, Url) = (app, url);

    public Uri Url { get; }

    /// <summary>Executions by name: status and template.</summary>
    public ConcurrentDictionary<string, JsonObject> Executions { get; } = new();

    /// <summary>Status of the executions that are started from now on.</summary>
    public string FirstStatus { get; set; } = "Running";

    /// <summary>Failures by the last word of the request's path (<c>start</c>, <c>stop</c>, a name): status, error code and Retry-After in seconds. Each is given once.</summary>
    public ConcurrentQueue<(string Word, int Status, string Code, int? RetryAfter)> Failures { get; } = new();

    /// <summary>Whether a start is answered 202 without a body.</summary>
    public bool StartsWithoutBody { get; set; }

    /// <summary>Method and path of each request that got as far as a token that counts.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public FakeCredential Credential { get; } = new();

    public static async Task<FakeAzure> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/");
        builder.WebHost.UseUrls(url.ToString());
        var azure = new FakeAzure(builder.Build(), url);
        azure._app.Use(azure.CheckAsync);
        azure._app.MapGet(JobId, () => Results.Json(Job()));
        azure._app.MapPost($"{JobId}/start", azure.StartExecutionAsync);
        azure._app.MapGet($"{JobId}/executions", (string? page) => Results.Json(azure.Page(page)));
        azure._app.MapGet($"{JobId}/executions/{{name}}", (string name) => azure.Executions.TryGetValue(name, out var found) ? Results.Json(found) : Error(404, "JobExecutionNotFound"));
        azure._app.MapPost($"{JobId}/executions/{{name}}/stop", (string name) =>
        {
            azure.Executions[name]["properties"]!["status"] = "Stopped";
            return Results.Accepted();
        });
        await azure._app.StartAsync();
        return azure;
    }

    public void Ends(string execution, string status) => Executions[execution]["properties"]!["status"] = status;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task CheckAsync(HttpContext http, Func<Task> next)
    {
        if (http.Request.Query["api-version"] != "2024-03-01")
            await Error(400, "MissingApiVersionParameter").ExecuteAsync(http);
        else if (http.Request.Headers.Authorization != $"Bearer {Credential.Valid}")
        {
            http.Response.Headers.WWWAuthenticate = "Bearer authorization_uri=\"https://login.example/\", error=\"invalid_token\", error_description=\"The access token expiry UTC time is earlier than current UTC time.\"";
            await Error(401, "ExpiredAuthenticationToken").ExecuteAsync(http);
        }
        else
        {
            Requests.Enqueue($"{http.Request.Method} {http.Request.Path.Value![JobId.Length..]}");
            if (Failures.TryPeek(out var failure) && http.Request.Path.Value.EndsWith($"/{failure.Word}", StringComparison.Ordinal) && Failures.TryDequeue(out _))
            {
                if (failure.RetryAfter is { } seconds)
                    http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                await Error(failure.Status, failure.Code).ExecuteAsync(http);
            }
            else
                await next();
        }
    }

    private async Task<IResult> StartExecutionAsync(HttpRequest request)
    {
        var template = (await JsonNode.ParseAsync(request.Body))!.AsObject();
        var name = $"trainer-torchvision-{Guid.NewGuid().ToString("n")[..7]}";
        Executions[name] = new JsonObject
        {
            ["id"] = $"{JobId}/executions/{name}", ["name"] = name, ["type"] = "Microsoft.App/jobs/executions",
            ["properties"] = new JsonObject { ["status"] = FirstStatus, ["template"] = template },
        };
        return StartsWithoutBody ? Results.Accepted() : Results.Json(new { id = $"{JobId}/executions/{name}", name }, statusCode: 202);
    }

    // One execution a page, to have pages.
    private JsonObject Page(string? after)
    {
        var names = Executions.Keys.Order(StringComparer.Ordinal).Where(name => string.CompareOrdinal(name, after) > 0).ToList();
        var page = new JsonObject { ["value"] = new JsonArray([.. names.Take(1).Select(name => Executions[name].DeepClone())]) };
        if (names.Count > 1)
            page["nextLink"] = $"{Url.ToString().TrimEnd('/')}{JobId}/executions?api-version=2024-03-01&page={names[0]}";
        return page;
    }

    private static JsonObject Job() => new()
    {
        ["id"] = JobId,
        ["properties"] = new JsonObject
        {
            ["configuration"] = new JsonObject { ["triggerType"] = "Manual", ["replicaRetryLimit"] = 0 },
            ["template"] = new JsonObject
            {
                ["containers"] = new JsonArray(new JsonObject
                {
                    ["name"] = "trainer", ["image"] = "registry.example/vision-trainer-torchvision:v1", ["resources"] = new JsonObject { ["cpu"] = 8.0, ["memory"] = "56Gi" },
                    ["env"] = new JsonArray(new JsonObject { ["name"] = "TRAINER_API_KEY", ["secretRef"] = "trainer-api-key" }),
                    ["probes"] = new JsonArray(),
                }),
            },
        },
    };

    private static IResult Error(int status, string code) => Results.Json(new { error = new { code, message = "no" } }, statusCode: status);
}

/// <summary>Gives a new token each time; only the newest is valid, and not even that one after <see cref="Expire"/>.</summary>
internal sealed class FakeCredential : TokenCredential
{
    private int _given;
    private int _valid;

    public string Valid => $"token {_valid}";

    /// <summary>How many were asked for.</summary>
    public int Given => _given;

    /// <summary>The tokens that were given are refused from now on.</summary>
    public void Expire() => _valid = _given + 1;

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        _valid = ++_given;
        return new AccessToken(Valid, DateTimeOffset.UtcNow.AddHours(1));
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
}
