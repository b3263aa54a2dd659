using System.Text.Json;

namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>Numbers as people read them.</summary>
internal static class Format
{
    /// <summary>Bytes in powers of 1,000: "512 B", "1.4 MB".</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => $"{bytes / 1e3:0.0} kB",
        < 1_000_000_000 => $"{bytes / 1e6:0.0} MB",
        _ => $"{bytes / 1e9:0.0} GB",
    };

    public static string Seconds(double seconds) => seconds switch
    {
        < 0 => "-",
        < 60 => $"{seconds:0.0} s",
        < 3600 => $"{(int)seconds / 60} min {(int)seconds % 60} s",
        _ => $"{(int)seconds / 3600} h {(int)seconds % 3600 / 60} min",
    };

    public static string Share(double? share) => share is { } value ? value.ToString("0.0000") : "-";

    public static string Count(int count, string one, string? many = null) => $"{count:#,0} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>A metric as number; null when it is absent or no number.</summary>
    public static double? Number(IReadOnlyDictionary<string, JsonElement>? metrics, string name) =>
        metrics is not null && metrics.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>"accuracy 0.9833, loss 0.0412": the measures of quality, the best known first.</summary>
    public static string Metrics(IReadOnlyDictionary<string, JsonElement>? metrics)
    {
        if (metrics is null)
            return "-";
        string[] first = ["accuracy", "loss", "val_loss", "train_accuracy"];
        var numbers = metrics.Where(m => m.Value.ValueKind == JsonValueKind.Number && m.Key is not ("learning_rate" or "images_per_second"))
            .OrderBy(m => Array.IndexOf(first, m.Key) is var i and >= 0 ? i : first.Length)
            .ThenBy(m => m.Key, StringComparer.Ordinal)
            .Select(m => $"{m.Key} {m.Value.GetDouble():0.####}");
        return string.Join(", ", numbers) is { Length: > 0 } text ? text : "-";
    }
}
