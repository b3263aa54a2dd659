using System.Text.Json;
using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Training;

/// <summary>What a trainer says it can do (GET /v1/capabilities of the trainer protocol).</summary>
/// <param name="Slots">Jobs it runs at once.</param>
public sealed record TrainerCapabilities(
    string Framework,
    string? Version,
    IReadOnlyList<string> TaskTypes,
    IReadOnlyList<TrainerModel> Models,
    ConfigSchema ConfigSchema,
    IReadOnlyList<TrainerExportFormat> ExportFormats,
    IReadOnlyList<JsonElement>? Devices,
    int Slots)
{
    public TrainerModel? FindModel(string name) => Models.FirstOrDefault(model => model.Name == name);

    public TrainerExportFormat? FindExportFormat(string format) => ExportFormats.FirstOrDefault(candidate => candidate.Format == format);
}

/// <param name="Parameters">Weights of the model, for people to compare.</param>
public sealed record TrainerModel(
    string Name, string? DisplayName, IReadOnlyList<string> TaskTypes, string? Description, long? Parameters, int? DefaultImageSize)
{
    public bool Supports(TaskType task) => TaskTypes.Contains(JsonNamingPolicy.SnakeCaseLower.ConvertName(task.ToString()));
}

/// <param name="Options">What may be asked of the format, by name.</param>
public sealed record TrainerExportFormat(string Format, IReadOnlyDictionary<string, ValueRule>? Options);

/// <summary>The fields a trainer's configuration has, and ready-made sets of values.</summary>
public sealed record ConfigSchema(IReadOnlyList<ConfigField> Fields, IReadOnlyDictionary<string, JsonElement>? Presets)
{
    /// <summary>Checks values against the fields. The answer names each wrong field as <c>config.{field}</c>; it is empty when all is well.</summary>
    public Dictionary<string, string[]> Validate(IReadOnlyDictionary<string, JsonElement> config)
    {
        var errors = new Dictionary<string, string[]>();
        foreach (var (name, value) in config)
        {
            var field = Fields.FirstOrDefault(candidate => candidate.Name == name);
            var message = field is null
                ? $"There is no such field. The fields are {string.Join(", ", Fields.Select(f => f.Name))}."
                : field.Check(value);
            if (message is not null)
                errors[$"config.{name}"] = [message];
        }

        foreach (var field in Fields.Where(field => field.Required && !config.ContainsKey(field.Name)))
            errors[$"config.{field.Name}"] = ["This field is required."];
        return errors;
    }
}

/// <summary>One field of a trainer's configuration.</summary>
/// <param name="Advanced">Shown only to those who ask for it.</param>
public sealed record ConfigField(
    string Name, string Type, JsonElement? Default, double? Min, double? Max, IReadOnlyList<JsonElement>? Options,
    string? Group, bool Advanced, bool Required, string? Description)
    : ValueRule(Type, Default, Min, Max, Options, Description);

/// <summary>What a value may be.</summary>
/// <param name="Type">int, float, bool, string, select or multiselect.</param>
/// <param name="Min">Smallest value allowed, itself included unless <see cref="ExclusiveMin"/>.</param>
/// <param name="Max">Largest value allowed, itself included unless <see cref="ExclusiveMax"/>.</param>
public record ValueRule(string Type, JsonElement? Default, double? Min, double? Max, IReadOnlyList<JsonElement>? Options, string? Description)
{
    /// <summary>Min itself is not allowed.</summary>
    public bool ExclusiveMin { get; init; }

    /// <summary>Max itself is not allowed.</summary>
    public bool ExclusiveMax { get; init; }

    /// <summary>What is wrong with the value; null when nothing is.</summary>
    public string? Check(JsonElement value) => Type switch
    {
        "int" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) ? CheckRange(whole) : $"Must be a whole number{Range()}.",
        "float" => value.ValueKind == JsonValueKind.Number ? CheckRange(value.GetDouble()) : $"Must be a number{Range()}.",
        "bool" => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "Must be true or false.",
        "select" => Options is null || Options.Any(option => JsonElement.DeepEquals(option, value)) ? null : $"Must be one of {string.Join(", ", Options)}.",
        "multiselect" => value.ValueKind == JsonValueKind.Array
            && value.EnumerateArray().All(item => Options is null || Options.Any(option => JsonElement.DeepEquals(option, item)))
            ? null : $"Must be a list of {string.Join(", ", Options ?? [])}.",
        _ => value.ValueKind == JsonValueKind.String ? null : "Must be a text.",
    };

    private string? CheckRange(double value) =>
        value < Min || value > Max || (ExclusiveMin && value <= Min) || (ExclusiveMax && value >= Max) || !double.IsFinite(value) ? $"Must be a number{Range()}." : null;

    private string Range()
    {
        string?[] bounds =
        [
            Min is { } min ? $"{(ExclusiveMin ? "above" : "at least")} {min}" : null,
            Max is { } max ? $"{(ExclusiveMax ? "below" : "at most")} {max}" : null,
        ];
        var named = string.Join(" and ", bounds.Where(bound => bound is not null));
        return named.Length == 0 ? "" : $", {named}";
    }
}

/// <summary>A trainer as last seen; kept so that jobs can be made while it restarts.</summary>
public sealed class Trainer
{
    public required string Framework { get; init; }
    public required TrainerCapabilities Capabilities { get; set; }
    public required DateTimeOffset SeenAt { get; set; }
}
