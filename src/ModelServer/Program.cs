using System.Text.Json.Serialization;
using OpenTelemetry.Metrics;
using VisionPlatform.Images;
using VisionPlatform.ModelServer;
using VisionPlatform.ModelServer.Http;
using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;
using VisionPlatform.ModelServer.Telemetry;

var builder = WebApplication.CreateSlimBuilder(args);
ServerSettings settings;
try
{
    settings = ServerSettings.From(builder.Configuration);
}
catch (InvalidOperationException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}
if (settings.Address is { } address)
    builder.WebHost.UseUrls(address);
builder.WebHost.ConfigureKestrel(server =>
{
    server.AddServerHeader = false;
    server.Limits.MaxRequestBodySize = settings.MaxBody;
});
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase));
    json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
});
// Otherwise a body that is no JSON is answered without a problem.
builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System).AddSingleton<Runtime>().AddSingleton<ModelFiles>().AddSingleton<ModelStore>()
    .AddSingleton<Readiness>().AddSingleton<Prediction>().AddSingleton(new PixelReader(settings.MaxPixels));
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(ServerMetrics.Name).AddMeter("System.Runtime")
    .AddPrometheusExporter(prometheus => (prometheus.ScopeInfoEnabled, prometheus.ScrapeResponseCacheDurationMilliseconds) = (false, 0)));

var app = builder.Build();
app.UseMiddleware<Problems>();
app.UseMiddleware<ServerKey>();
app.MapPrometheusScrapingEndpoint("/metrics");
app.MapModels();
ServerMetrics.Observe(app.Services.GetRequiredService<ModelStore>(), app.Services.GetRequiredService<ModelFiles>());
await app.RunAsync();
return 0;
