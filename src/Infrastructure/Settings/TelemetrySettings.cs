namespace VisionPlatform.Infrastructure.Settings;

/// <summary>Who may read metrics, and where traces, metrics and failures are sent. Nothing is sent unless an address is set.</summary>
/// <param name="MetricsToken">METRICS_TOKEN: a bearer token that may read <c>/metrics</c>; null when only accounts with <c>operations:read</c> may.</param>
/// <param name="OtlpEndpoint">OTEL_EXPORTER_OTLP_ENDPOINT: a collector that takes traces, metrics and logs; null for none.</param>
/// <param name="AzureMonitor">APPLICATIONINSIGHTS_CONNECTION_STRING; null for none.</param>
/// <param name="AzureIdentity">How to sign in to Azure Monitor; null when the connection string is enough.</param>
/// <param name="SentryDsn">SENTRY_DSN; null for none.</param>
/// <param name="TraceShare">Share of the requests, from 0 to 1, whose traces are sent.</param>
public sealed record TelemetrySettings(
    string? MetricsToken, Uri? OtlpEndpoint, string? AzureMonitor, ManagedIdentity? AzureIdentity, string? SentryDsn, double TraceShare)
{
    /// <summary>Name of this app in traces and metrics, unless OTEL_SERVICE_NAME says another.</summary>
    public const string ServiceName = "vision-platform";

    /// <summary>Whether anybody takes traces.</summary>
    public bool SendsTraces => OtlpEndpoint is not null || AzureMonitor is not null;

    public static TelemetrySettings From(SettingsReader settings)
    {
        var token = settings.Text("METRICS_TOKEN", "bearer token that may read `/metrics`; unless set, only accounts with `operations:read` may", secret: true);
        var otlp = settings.Url("OTEL_EXPORTER_OTLP_ENDPOINT", "collector that takes traces, metrics and logs by the OpenTelemetry protocol");
        // The exporter reads the next three by itself.
        if (settings.Text("OTEL_EXPORTER_OTLP_PROTOCOL", "`grpc` or `http/protobuf`", "grpc") is not ("grpc" or "http/protobuf"))
            settings.Problem("OTEL_EXPORTER_OTLP_PROTOCOL must be grpc or http/protobuf.");
        settings.Text("OTEL_EXPORTER_OTLP_HEADERS", "headers for the collector: `name=value,name=value`", secret: true, type: "headers");
        settings.Text("OTEL_SERVICE_NAME", "name of this app in traces and metrics", ServiceName);
        return new TelemetrySettings(
            token, otlp,
            settings.Text("APPLICATIONINSIGHTS_CONNECTION_STRING", "Azure Monitor, which takes traces; the Functions host sends its logs there too", secret: true, type: "connection string"),
            ManagedIdentity.Of(settings),
            settings.Text("SENTRY_DSN", "Sentry project that takes failures", secret: true, type: "URL"),
            settings.Number("TRACE_SHARE", 1, "share of requests whose traces are sent, 0 to 1; a caller's own trace is sent when the caller says so", minimum: 0, maximum: 1));
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => string.Join(", ",
        ((string?[])[OtlpEndpoint?.GetLeftPart(UriPartial.Authority), AzureMonitor is null ? null : "Azure Monitor", SentryDsn is null ? null : "Sentry"]).OfType<string>());
}

/// <summary>A managed identity that signs in to Azure Monitor.</summary>
/// <param name="ClientId">Id of a user-assigned identity; null for the system-assigned one.</param>
public sealed record ManagedIdentity(string? ClientId)
{
    /// <summary>
    /// Reads <c>Authorization=AAD;ClientId=…</c>, the form that the Functions host takes too
    /// (https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string).
    /// </summary>
    internal static ManagedIdentity? Of(SettingsReader settings)
    {
        var text = settings.Text("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "`Authorization=AAD`, with `;ClientId=…` for a user-assigned identity: signs in to Azure Monitor by managed identity");
        if (text is null)
            return null;
        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2)).ToLookup(part => part[0], part => part.ElementAtOrDefault(1), StringComparer.OrdinalIgnoreCase);
        if (!string.Equals(parts["Authorization"].FirstOrDefault(), "AAD", StringComparison.OrdinalIgnoreCase))
            settings.Problem("APPLICATIONINSIGHTS_AUTHENTICATION_STRING begins with Authorization=AAD.");
        return new ManagedIdentity(parts["ClientId"].FirstOrDefault());
    }
}
