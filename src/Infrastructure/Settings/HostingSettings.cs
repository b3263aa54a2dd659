namespace VisionPlatform.Infrastructure.Settings;

/// <summary>How log lines are written.</summary>
public enum LogFormat
{
    Text,
    Json,
}

/// <summary>How the app is reached. Settings that only a host reads are declared here too, so that they are checked and documented.</summary>
/// <param name="PublicUrl">Address at which trainers and pages reach this platform.</param>
/// <param name="CorsOrigins">Origins of pages that may call the API.</param>
/// <param name="ConsoleFolder">Absolute path of the built console that the embedded host serves; null when there is none.</param>
/// <param name="LongestStream">Time after which an event stream ends and its reader reconnects, because Azure's load balancer cuts a response at 230 s.</param>
public sealed record HostingSettings(Uri PublicUrl, IReadOnlyList<string> CorsOrigins, string? ConsoleFolder, TimeSpan LongestStream)
{
    /// <summary>Whether the app can be reached only from this machine: its public URL and all addresses it listens on are loopback addresses.</summary>
    public bool IsLocal { get; private init; }

    public static HostingSettings From(SettingsReader settings)
    {
        var listens = settings.Text("ASPNETCORE_URLS", "where the embedded host listens", "http://127.0.0.1:7071", type: "URL")!;
        var hosting = new HostingSettings(ReadPublicUrl(settings), ReadOrigins(settings), ReadConsoleFolder(settings),
            TimeSpan.FromSeconds(settings.Number("EVENT_STREAM_SECONDS", 200, "after which an event stream ends and its reader goes on with Last-Event-ID", minimum: 1, maximum: 220)));
        hosting = hosting with
        {
            IsLocal = hosting.PublicUrl.IsLoopback && listens.Split(';').All(url => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.IsLoopback),
        };
        settings.Text("FUNCTIONS_MASTER_KEY",
            "key for `/admin/…` and `/runtime/…` of the embedded host (header `x-functions-key`); without it one is made and kept in the durable schema", secret: true);
        settings.Number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 104_857_600, "bytes of a request body");
        settings.Choice("LOG_FORMAT", LogFormat.Text, "`json` writes one JSON object a line, with trace ids (embedded host)");
        return hosting;
    }

    internal static Uri ReadPublicUrl(SettingsReader settings)
    {
        var url = settings.Url("PUBLIC_URL", "what trainers call back to; must be reachable for them", "http://127.0.0.1:7071");
        return new Uri((url?.ToString() ?? "http://127.0.0.1:7071").TrimEnd('/') + "/");
    }

    private static string? ReadConsoleFolder(SettingsReader settings)
    {
        var given = settings.Text("CONSOLE_DIR", "folder with the built console, which the embedded host serves at `/`; without it `console` beside the app, if that exists");
        var folder = Path.GetFullPath(given ?? Path.Combine(AppContext.BaseDirectory, "console"));
        if (File.Exists(Path.Combine(folder, "index.html")))
            return folder;
        if (given is not null)
            settings.Problem($"CONSOLE_DIR must be a folder with index.html, but {folder} has none.");
        return null;
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

/// <summary>Settings that the Azure Functions host itself reads. The app only checks their form and documents them.</summary>
/// <param name="ConnectionString">AzureWebJobsStorage.</param>
/// <param name="AccountName">Name of the storage account, if the host uses a managed identity.</param>
/// <param name="BlobUrl">URL of the blob service.</param>
/// <param name="QueueUrl">URL of the queue service.</param>
/// <param name="TableUrl">URL of the table service.</param>
public sealed record FunctionsHostSettings(string? ConnectionString, string? AccountName, Uri? BlobUrl, Uri? QueueUrl, Uri? TableUrl)
{
    public static FunctionsHostSettings From(SettingsReader settings)
    {
        settings.Text("FUNCTIONS_WORKER_RUNTIME", "always `dotnet-isolated`", example: "dotnet-isolated");
        return new FunctionsHostSettings(
            settings.Text("AzureWebJobsStorage",
                "connection string of the storage account for task hub, locks and keys; `UseDevelopmentStorage=true` is a local Azurite", secret: true, example: "UseDevelopmentStorage=true", type: "connection string"),
            settings.Text("AzureWebJobsStorage__accountName", "instead of a connection string: an account of the public cloud, by managed identity"),
            Service(settings, "blob"), Service(settings, "queue"), Service(settings, "table"));
    }

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => AccountName ?? BlobUrl?.ToString() ?? (ConnectionString is null ? "none" : "a connection string");

    private static Uri? Service(SettingsReader settings, string service) =>
        settings.Url($"AzureWebJobsStorage__{service}ServiceUri", $"instead of an account name: its {service} service");
}
