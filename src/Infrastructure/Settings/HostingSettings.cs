namespace VisionPlatform.Infrastructure.Settings;

/// <summary>How log lines are written.</summary>
public enum LogFormat
{
    Text,
    Json,
}

/// <summary>Where the app is reached and by whom. What only a host reads is declared here too, so that it is checked and documented.</summary>
/// <param name="PublicUrl">Where trainers, and pages, reach this platform.</param>
/// <param name="CorsOrigins">Origins of pages that may call the API.</param>
/// <param name="LongestStream">After which an event stream ends and its reader comes back: load balancers in front of a Functions host cut an answer off at 230 s.</param>
public sealed record HostingSettings(Uri PublicUrl, IReadOnlyList<string> CorsOrigins, TimeSpan LongestStream)
{
    /// <summary>Whether nothing but this machine reaches it: it says so itself, and listens nowhere else.</summary>
    public bool IsLocal { get; private init; }

    public static HostingSettings From(SettingsReader settings)
    {
        var listens = settings.Text("ASPNETCORE_URLS", "where the embedded host listens", "http://127.0.0.1:7071", type: "URL")!;
        var hosting = new HostingSettings(ReadPublicUrl(settings), ReadOrigins(settings),
            TimeSpan.FromSeconds(settings.Number("EVENT_STREAM_SECONDS", 200, "after which an event stream ends and its reader goes on with Last-Event-ID", minimum: 1, maximum: 220)));
        hosting = hosting with
        {
            IsLocal = hosting.PublicUrl.IsLoopback && listens.Split(';').All(url => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.IsLoopback),
        };
        settings.Text("FUNCTIONS_MASTER_KEY",
            "key for `/admin/…` and `/runtime/…` of the embedded host (header `x-functions-key`); without it one is made and kept in the durable schema", secret: true);
        settings.Number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 104_857_600, "bytes of a request body");
        settings.Choice("LOG_FORMAT", LogFormat.Text, "`json` writes one JSON object a line, with scopes and trace ids (embedded host)");
        return hosting;
    }

    internal static Uri ReadPublicUrl(SettingsReader settings)
    {
        var url = settings.Url("PUBLIC_URL", "what trainers call back to; must be reachable for them", "http://127.0.0.1:7071");
        return new Uri((url?.ToString() ?? "http://127.0.0.1:7071").TrimEnd('/') + "/");
    }

    private static IReadOnlyList<string> ReadOrigins(SettingsReader settings)
    {
        var origins = settings.List("CORS_ORIGINS", "origins of pages that may call the API and use presigned URLs", example: "http://127.0.0.1:5173");
        foreach (var origin in origins)
            if (origin != "*" && settings.AbsoluteUrl("CORS_ORIGINS", origin) is { PathAndQuery: not "/" })
                settings.Problem($"CORS_ORIGINS takes origins without a path (https://console.example.com), not '{origin}'.");
        return origins;
    }
}

/// <summary>What the Azure Functions host itself reads; the app only checks its form and documents it.</summary>
/// <param name="ConnectionString">AzureWebJobsStorage.</param>
/// <param name="AccountName">Of the storage account when the host signs in by managed identity.</param>
/// <param name="BlobUrl">Its blob service.</param>
/// <param name="QueueUrl">Its queue service.</param>
/// <param name="TableUrl">Its table service.</param>
public sealed record FunctionsHostSettings(string? ConnectionString, string? AccountName, Uri? BlobUrl, Uri? QueueUrl, Uri? TableUrl)
{
    public static FunctionsHostSettings From(SettingsReader settings)
    {
        settings.Text("FUNCTIONS_WORKER_RUNTIME", "always `dotnet-isolated`", example: "dotnet-isolated");
        var host = new FunctionsHostSettings(
            settings.Text("AzureWebJobsStorage",
                "connection string of the storage account for task hub, locks and keys; `UseDevelopmentStorage=true` is a local Azurite", secret: true, example: "UseDevelopmentStorage=true", type: "connection string"),
            settings.Text("AzureWebJobsStorage__accountName", "instead of a connection string: an account of the public cloud, by managed identity"),
            Service(settings, "blob"), Service(settings, "queue"), Service(settings, "table"));
        settings.Text("APPLICATIONINSIGHTS_CONNECTION_STRING", "where the Functions host sends logs and traces", secret: true, type: "connection string");
        return host;
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => AccountName ?? BlobUrl?.ToString() ?? (ConnectionString is null ? "none" : "a connection string");

    private static Uri? Service(SettingsReader settings, string service) =>
        settings.Url($"AzureWebJobsStorage__{service}ServiceUri", $"instead of an account name: its {service} service");
}
