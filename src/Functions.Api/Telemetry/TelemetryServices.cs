using System.Diagnostics;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Telemetry;

public static class TelemetryServices
{
    private const string Ours = "VisionPlatform.*";

    /// <summary>A Functions host sends it with a request that it forwards. It has made the span of the request already.</summary>
    private const string InvocationHeader = "x-ms-invocation-id";

    /// <summary>
    /// Registers metrics, which are always collected, and traces, log entries and failure reports for whatever takes them by the settings. Where
    /// nothing takes traces, none are made.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="logging">The app's log, from which Sentry gets failures.</param>
    /// <param name="settings">Where telemetry goes.</param>
    public static void AddTelemetry(this IServiceCollection services, ILoggingBuilder logging, TelemetrySettings settings)
    {
        services.AddSingleton<RequestMetrics>();
        services.AddSingleton<MetricsReading>();
        services.AddSingleton<MetricsPage>();
        var telemetry = services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
            .ConfigureResource(resource => resource.Clear().AddService(TelemetrySettings.ServiceName).AddTelemetrySdk().AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Ours).AddMeter("Npgsql").AddMeter("System.Runtime").AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false);
                if (settings.OtlpEndpoint is not null)
                    metrics.AddOtlpExporter();
            });
        if (settings.OtlpEndpoint is not null)
        {
            services.AddHostedService<MetricsRefresh>();
            telemetry.WithLogging(logs => logs.AddLogExport(), LogExport.Configure);
        }
        if (settings.SendsTraces)
            telemetry.UseFunctionsWorkerDefaults().WithTracing(traces => AddTraces(traces, settings));
        if (settings.SentryDsn is not null)
            logging.AddFailureReports(settings.SentryDsn);
        // Only the embedded host writes to the console. A Functions host takes the entries as they are.
        logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        services.PostConfigure<ConsoleLoggerOptions>(console =>
        {
            if (console.FormatterName == ConsoleFormatterNames.Json)
                console.FormatterName = JsonLogFormatter.FormatterName;
        });
    }

    private static void AddTraces(TracerProviderBuilder traces, TelemetrySettings settings)
    {
        traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.TraceShare)))
            .AddSource(Ours)
            .AddNpgsql()
            // Requests of background loops, such as the removal of old files, belong to no trace. Queries are redacted: a presigned URL has its signature there.
            .AddHttpClientInstrumentation(http => http.FilterHttpRequestMessage = _ => Activity.Current is { } span && span.ParentSpanId != default)
            .AddAspNetCoreInstrumentation(server =>
            {
                server.Filter = http => !IsProbe(http.Request.Path) && !http.Request.Headers.ContainsKey(InvocationHeader);
                // The route names the request. A path may have ids and tokens.
                server.EnrichWithHttpRequest = (span, _) => span.SetTag("url.path", null).SetTag("url.query", null);
            });
        if (settings.OtlpEndpoint is not null)
            traces.AddOtlpExporter();
        if (settings.AzureMonitor is { } connection)
            traces.AddAzureMonitorTraceExporter(azure =>
            {
                azure.ConnectionString = connection;
                if (settings.AzureIdentity is { } identity)
                    azure.Credential = new ManagedIdentityCredential(
                        identity.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned);
            });
    }

    private static bool IsProbe(PathString path) =>
        path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics") || path.StartsWithSegments("/api/v1/health") || path.StartsWithSegments("/api/v1/metrics");
}
