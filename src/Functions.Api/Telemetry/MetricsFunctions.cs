using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using OpenTelemetry.Metrics;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Telemetry;

/// <summary>For Prometheus: what this instance of the app counts, and what it reads from the databases.</summary>
public sealed class MetricsFunctions(MetricsPage page, MetricsReading reading)
{
    [Function("GetMetrics"), RequiresPermission(Permission.OperationsRead, OrMetricsToken = true)]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "metrics")] HttpRequest request, CancellationToken cancellation) => GetV1(request, cancellation);

    [Function("GetMetricsV1"), RequiresPermission(Permission.OperationsRead, OrMetricsToken = true)]
    [Operation("Get metrics", Tag = "Health", Returns = typeof(string), ReturnsType = "text/plain",
        Description = "The metrics of this instance of the app in the text format of Prometheus, for monitoring. What a service that is away would tell is left out.")]
    public async Task<IResult> GetV1([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/metrics")] HttpRequest request, CancellationToken cancellation)
    {
        await reading.RefreshAsync(cancellation);
        return page;
    }
}

/// <summary>Writes the metrics. The exporter is middleware of ASP.NET Core; a function has no place in that pipeline, so this runs the middleware by itself.</summary>
public sealed class MetricsPage(IServiceProvider services, MeterProvider meters) : IResult
{
    private readonly RequestDelegate _exporter =
        new ApplicationBuilder(services).UseOpenTelemetryPrometheusScrapingEndpoint(meters, predicate: _ => true, path: null, configureBranchedPipeline: null, optionsName: null).Build();

    public Task ExecuteAsync(HttpContext httpContext) => _exporter(httpContext);
}
