using System.Text.Json;
using System.Text.Json.Serialization;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Demo;

/// <summary>The machine-readable result of a run, written as the last line of stdout. Results that were not reached are left out.</summary>
internal sealed class DemoSummary
{
    private static readonly JsonSerializerOptions _json = new(PlatformClient.Json)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public double? Accuracy { get; set; }
    public IReadOnlyList<ExportResult> Exports { get; set; } = [];

    /// <summary>Seconds of each step that ran, in order, and "total".</summary>
    public Dictionary<string, double> Seconds { get; } = [];

    public string? ProjectId { get; set; }
    public string? DatasetVersionId { get; set; }
    public string? JobId { get; set; }
    public string? ModelVersionId { get; set; }
    public string? DeploymentId { get; set; }

    /// <summary>The step that failed; null if none did.</summary>
    public string? Failed { get; set; }

    public string ToJson() => JsonSerializer.Serialize(this, _json);
}

/// <summary>One export; <see cref="Passed"/> says whether it predicts like the checkpoint.</summary>
internal sealed record ExportResult(string Format, bool Passed, double? MaxAbsDiff, double? Top1Agreement, long? Size)
{
    public static ExportResult From(ModelExport export) => new(
        export.Format,
        export.State == "completed" && export.Validation is { Passed: true },
        export.Validation?.MaxAbsDiff,
        export.Validation?.Top1Agreement,
        export.Size);
}
