using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Api.Health;

/// <summary>For load balancers and people: is the process alive, and can it do its work.</summary>
public sealed class HealthFunctions(Readiness readiness, EventStreams streams)
{
    private static readonly HealthReport Alive = new(HealthStatus.Ok, []);

    [Function("HealthLive"), AllowAnonymousAccess, RateLimit(RateLimit.None)]
    public static IResult Live([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health/live")] HttpRequest request) => TypedResults.Ok(Alive);

    [Function("HealthLiveV1"), AllowAnonymousAccess, RateLimit(RateLimit.None)]
    [Operation("Check whether the process is alive", Returns = typeof(HealthReport))]
    public static IResult LiveV1([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/health/live")] HttpRequest request) => TypedResults.Ok(Alive);

    [Function("HealthReady"), AllowAnonymousAccess, RateLimit(RateLimit.None)]
    public Task<IResult> Ready([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health/ready")] HttpRequest request, CancellationToken cancellation) =>
        ReadyV1(request, cancellation);

    [Function("HealthReadyV1"), AllowAnonymousAccess, RateLimit(RateLimit.None)]
    [Operation("Check whether the app is ready", Returns = typeof(HealthReport), AlternativeStatus = 503,
        Description = "Checks every service that the app needs. The answer is 503 when one of them does not work; a trainer that does not answer only degrades the app.")]
    public async Task<IResult> ReadyV1([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/health/ready")] HttpRequest request, CancellationToken cancellation)
    {
        var report = await readiness.CheckAsync(cancellation);
        return TypedResults.Json(report, ApiJson.Options, statusCode: report.Status == HealthStatus.Unavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    [Function("HealthStream"), AllowAnonymousAccess]
    [Operation("Check whether responses are held back", Returns = typeof(string), ReturnsType = "text/event-stream",
        Description = "Sends the event `begin` at once and the event `end` two seconds later. If both arrive together, a proxy or the host holds responses back until they end: poll for events instead of reading streams.")]
    public async Task<IResult> Stream([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/health/stream")] HttpRequest request, CancellationToken cancellation)
    {
        if (HttpMethods.IsHead(request.Method))
            EventStreams.SetHeaders(request.HttpContext.Response);
        else
            await streams.ProbeAsync(request.HttpContext, cancellation);
        return TypedResults.Empty;
    }
}
