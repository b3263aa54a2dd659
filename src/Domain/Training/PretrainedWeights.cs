using System.Text.Json;

namespace VisionPlatform.Domain.Training;

/// <summary>The weights that an operator imported for a model of a trainer. A model has one file at most.</summary>
public sealed class PretrainedWeights
{
    /// <summary>Field of a trainer's configuration schema that asks for the weights.</summary>
    public const string Field = "pretrained";

    public required string Framework { get; init; }
    public required string Model { get; init; }

    /// <summary>Key of the file in the bucket of weights.</summary>
    public required string Key { get; init; }
    public required string Sha256 { get; init; }

    /// <summary>Size of the file in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Name of the file that was imported.</summary>
    public required string FileName { get; init; }

    /// <summary>Terms under which the weights may be used, as whoever imported them wrote; null when nobody did.</summary>
    public string? Licence { get; init; }
    public required DateTimeOffset ImportedAt { get; init; }

    /// <summary>Whether a job with this configuration begins with pretrained weights.</summary>
    public static bool AskedBy(IReadOnlyDictionary<string, JsonElement> config) => config.TryGetValue(Field, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>Folder of a model's weights in their bucket.</summary>
    public static string FolderOf(string framework, string model) => $"{framework}/{model}/";
}

/// <summary>The weights that a job begins with.</summary>
/// <param name="Key">Their key in the bucket of weights.</param>
public sealed record StartWeights(string Key, string Sha256);
