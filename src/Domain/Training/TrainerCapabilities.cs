using System.Text.Json;
using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Training;

/// <summary>What a trainer offers (GET /v1/capabilities of the trainer protocol).</summary>
/// <param name="Framework">Name of the trainer, for example <c>torchvision</c>.</param>
/// <param name="Version">Version of the trainer; null when it does not say.</param>
/// <param name="TaskTypes">Task types that it can train for.</param>
/// <param name="Models">Model architectures that it can train.</param>
/// <param name="ConfigSchema">Fields of the configuration of a training job.</param>
/// <param name="ExportFormats">Formats that its models can be exported to.</param>
/// <param name="Devices">Processors that it trains on, each as a JSON object with <c>type</c> and <c>name</c>; null when it does not say.</param>
/// <param name="Slots">Number of jobs that it runs at the same time.</param>
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
    /// <summary>Every combination of format, task and precision, with the reason where it is not possible; null when the trainer does not say.</summary>
    public IReadOnlyList<TrainerExportPossibility>? ExportMatrix { get; init; }

    public TrainerModel? FindModel(string name) => Models.FirstOrDefault(model => model.Name == name);

    public TrainerExportFormat? FindExportFormat(string format) => ExportFormats.FirstOrDefault(candidate => candidate.Format == format);

    /// <summary>The matrix; of a trainer that gives none, what its formats say.</summary>
    public IReadOnlyList<TrainerExportPossibility> ExportPossibilities() => ExportMatrix
        ?? [.. ExportFormats.SelectMany(format => format.TaskTypes ?? [TaskType.ImageClassification.AsText()], (format, task) => new TrainerExportPossibility(format.Format, task, FullPrecision, true))];

    /// <summary>Why an export is not possible; null when it is, or when the trainer does not say.</summary>
    public string? WhyNotExport(string format, TaskType task, string precision = FullPrecision) =>
        ExportMatrix?.FirstOrDefault(row => row.Format == format && row.TaskType == task.AsText() && row.Precision == precision) is { Available: false } row ? row.Reason : null;

    /// <summary>Precision of an export that asks for none.</summary>
    public const string FullPrecision = "fp32";
}

/// <summary>A model architecture that a trainer offers.</summary>
/// <param name="Name">Name to use as <c>model</c> of a training job.</param>
/// <param name="DisplayName">Name for people; null when there is none.</param>
/// <param name="TaskTypes">Task types that it can be trained for.</param>
/// <param name="Description">Description for people; null when there is none.</param>
/// <param name="Parameters">Number of weights; null when unknown.</param>
/// <param name="DefaultImageSize">Width and height in pixels to which images are resized unless the configuration says otherwise; null when the model does not say.</param>
public sealed record TrainerModel(
    string Name, string? DisplayName, IReadOnlyList<string> TaskTypes, string? Description, long? Parameters, int? DefaultImageSize)
{
    public bool Supports(TaskType task) => TaskTypes.Contains(task.AsText());
}

/// <summary>A format that a trainer can export to.</summary>
/// <param name="Format">Name to use in <c>formats</c> of an export.</param>
/// <param name="Options">Options of the format by name; null when there are none.</param>
/// <param name="TaskTypes">Tasks whose models can be exported to it; null for image classification only.</param>
public sealed record TrainerExportFormat(string Format, IReadOnlyDictionary<string, ValueRule>? Options, IReadOnlyList<string>? TaskTypes = null)
{
    public bool Supports(TaskType task) => TaskTypes?.Contains(task.AsText()) ?? task == TaskType.ImageClassification;
}

/// <summary>Whether a trainer can export models of a task to a format with a precision, on the machine that it runs on.</summary>
/// <param name="Format">Format of the file, for example <c>onnx</c>.</param>
/// <param name="TaskType">Task of the model.</param>
/// <param name="Precision">Numbers that the file computes with: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</param>
/// <param name="Available">Whether it is possible.</param>
/// <param name="Reason">Why it is not possible, for example that it needs an NVIDIA GPU; null when it is.</param>
public sealed record TrainerExportPossibility(string Format, string TaskType, string Precision, bool Available, string? Reason = null);

/// <summary>Configuration of a training job.</summary>
/// <param name="Fields">Fields that a configuration may have.</param>
/// <param name="Presets">Ready-made configurations by name, each as a JSON object; null when there are none.</param>
public sealed record ConfigSchema(IReadOnlyList<ConfigField> Fields, IReadOnlyDictionary<string, JsonElement>? Presets)
{
    /// <summary>The advanced fields to which a configuration gives a value of its own: neither the default nor that of a preset.</summary>
    public IReadOnlyList<string> AdvancedIn(IReadOnlyDictionary<string, JsonElement> config) =>
        [.. Fields.Where(field => field.Advanced && config.TryGetValue(field.Name, out var value) && !IsOffered(field, value)).Select(field => field.Name)];

    private bool IsOffered(ConfigField field, JsonElement value) =>
        (field.Default is { } usual && JsonElement.DeepEquals(usual, value))
        || Presets?.Values.Any(preset => preset.ValueKind == JsonValueKind.Object && preset.TryGetProperty(field.Name, out var offered) && JsonElement.DeepEquals(offered, value)) == true;

    /// <summary>Checks values against the fields.</summary>
    /// <returns>Messages by field, named <c>config.{field}</c>; empty if every value is allowed.</returns>
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

/// <summary>A field of a trainer's configuration.</summary>
/// <param name="Name">Name of the field in <c>config</c>.</param>
/// <param name="Group">Heading under which user interfaces show the field; null for none.</param>
/// <param name="Advanced">Whether a value other than the default and those of the presets needs the permission <c>training:advanced</c>.</param>
/// <param name="Required">Whether a configuration must set the field.</param>
public sealed record ConfigField(
    string Name, string Type, JsonElement? Default, double? Min, double? Max, IReadOnlyList<JsonElement>? Options,
    string? Group, bool Advanced, bool Required, string? Description)
    : ValueRule(Type, Default, Min, Max, Options, Description);

/// <summary>What a value may be.</summary>
/// <param name="Type">Type of the value: <c>int</c>, <c>float</c>, <c>bool</c>, <c>string</c>, <c>select</c> (one of the options) or <c>multiselect</c> (a list of options).</param>
/// <param name="Default">Value that is used when none is given; null when the model decides.</param>
/// <param name="Min">Smallest allowed value; null for no limit.</param>
/// <param name="Max">Largest allowed value; null for no limit.</param>
/// <param name="Options">Allowed values of a selection; null for other types.</param>
/// <param name="Description">Description for people; null when there is none.</param>
public record ValueRule(string Type, JsonElement? Default, double? Min, double? Max, IReadOnlyList<JsonElement>? Options, string? Description)
{
    /// <summary>Whether a value equal to <c>min</c> is refused.</summary>
    public bool ExclusiveMin { get; init; }

    /// <summary>Whether a value equal to <c>max</c> is refused.</summary>
    public bool ExclusiveMax { get; init; }

    /// <summary>What is wrong with a value; null if it is allowed.</summary>
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

/// <summary>A trainer as it was when it last answered. It is stored so that jobs can be created while the trainer restarts.</summary>
public sealed class Trainer
{
    public required string Framework { get; init; }
    public required TrainerCapabilities Capabilities { get; set; }
    public required DateTimeOffset SeenAt { get; set; }
}
