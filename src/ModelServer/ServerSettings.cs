using System.Globalization;
using System.Net;

namespace VisionPlatform.ModelServer;

/// <summary>Settings of the model server, from environment variables. docs/settings.md lists them.</summary>
internal sealed record ServerSettings
{
    private const long Mega = 1_000_000;

    /// <summary>The app sends it as bearer token; null when the server listens only on this machine and needs none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Where to listen, from the PORT that the host of a container gives; null when other settings say it.</summary>
    public string? Address { get; init; }

    /// <summary>Where downloaded models lie.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Bytes that downloaded models may take on disk.</summary>
    public long CacheBytes { get; init; } = 20_000 * Mega;

    /// <summary>Bytes that loaded models and their work may take.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Threads that compute, for all models together. A small model runs on one of its own.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Images of one run of a model, at most.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>How long an image waits for others that are on their way, to be computed together.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Images that may wait for a model.</summary>
    public int MaxQueue { get; init; } = 512;

    /// <summary>Bytes of a request.</summary>
    public int MaxBody { get; init; } = 64 << 20;

    /// <summary>Images of a request.</summary>
    public int MaxImages { get; init; } = 64;

    /// <summary>Pixels of an image.</summary>
    public long MaxPixels { get; init; } = 50 * Mega;

    /// <summary>Decoded pixels of all images of a request.</summary>
    public long MaxRequestPixels => 4 * MaxPixels;

    /// <exception cref="InvalidOperationException">Names what is wrong.</exception>
    public static ServerSettings From(IConfiguration configuration)
    {
        var urls = Text("URLS") ?? Text("ASPNETCORE_URLS");
        var port = urls is null ? Text("PORT") : null;
        var settings = new ServerSettings
        {
            Address = port is null ? null : $"http://*:{port}",
            ApiKey = Text("MODEL_SERVER_API_KEY"),
            CacheFolder = Text("MODEL_SERVER_CACHE_DIR") ?? Path.Combine(Path.GetTempPath(), "vision-models"),
            CacheBytes = (long)Number("MODEL_SERVER_CACHE_MB", 20_000) * Mega,
            MemoryBytes = (long)Number("MODEL_SERVER_MEMORY_MB", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / Mega) * Mega,
            Threads = (int)Number("MODEL_SERVER_THREADS", Environment.ProcessorCount),
            MaxBatch = (int)Number("MODEL_SERVER_MAX_BATCH", 32),
            BatchDelay = TimeSpan.FromMilliseconds(Number("MODEL_SERVER_BATCH_DELAY_MS", 5, minimum: 0)),
            MaxQueue = (int)Number("MODEL_SERVER_MAX_QUEUE", 512),
            MaxPixels = (long)(Number("MODEL_SERVER_MAX_MEGAPIXELS", 50) * Mega),
        };
        var addresses = (urls ?? settings.Address ?? "http://127.0.0.1:5000").Split(';', StringSplitOptions.RemoveEmptyEntries);
        return settings.ApiKey is null && !addresses.All(IsOfThisMachine)
            ? throw new InvalidOperationException("MODEL_SERVER_API_KEY is not set: the server needs it when other machines can reach it.")
            : settings;

        string? Text(string name) => configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

        double Number(string name, double fallback, double minimum = 1) => Text(name) is not { } text
            ? fallback
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= minimum && number < int.MaxValue
                ? number
                : throw new InvalidOperationException($"{name} must be a number of at least {minimum.ToString(CultureInfo.InvariantCulture)}, not '{text}'.");
    }

    private static bool IsOfThisMachine(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url) && (url.Host == "localhost" || (IPAddress.TryParse(url.Host, out var ip) && IPAddress.IsLoopback(ip)));
}
