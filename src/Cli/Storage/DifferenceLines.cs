using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Cli.Storage;

/// <summary>Writes each difference as a line, as soon as it is found: text for people, JSON for programs.</summary>
internal sealed class DifferenceLines(TextWriter output, bool isJson)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    public void Write(Difference difference)
    {
        var line = isJson ? JsonSerializer.Serialize(difference, Json) : Text(difference);
        lock (_lock)
            output.WriteLine(line);
    }

    internal static string Text(Difference difference)
    {
        var what = difference.Kind switch
        {
            DifferenceKind.MissingAtTarget => $"missing at the target ({OfSize(difference.SourceSize)})",
            DifferenceKind.DifferentSize => $"different size ({OfSize(difference.SourceSize)}, target {OfSize(difference.TargetSize)})",
            DifferenceKind.DifferentContent => "different content",
            DifferenceKind.NotComparable => "perhaps different content: only reading both would tell (--checksum)",
            DifferenceKind.OnlyAtTarget => $"only at the target ({OfSize(difference.TargetSize)})",
            DifferenceKind.Vanished => "deleted at the source meanwhile",
            _ => "failed",
        };
        return $"{Shown(difference.Key)}: {what}{(difference.Detail is { } detail ? $": {Failure.OneLine(detail)}" : "")}";
    }

    /// <summary>The key on one line: a control character could otherwise steer the terminal.</summary>
    private static string Shown(string key)
    {
        if (!key.Any(char.IsControl))
            return key;
        var shown = new StringBuilder();
        foreach (var character in key)
            shown.Append(char.IsControl(character) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}") : character.ToString());
        return shown.ToString();
    }

    private static string OfSize(long? bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
}
