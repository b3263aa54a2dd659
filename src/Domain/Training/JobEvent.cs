using System.Text.Json;

namespace VisionPlatform.Domain.Training;

/// <summary>An entry of a job's event stream. Ids rise within a job, so a reader can continue after the last one that it saw.</summary>
public sealed class JobEvent
{
    public long Id { get; init; }
    public required Guid JobId { get; init; }

    /// <summary><c>state</c>, <c>attempt</c>, <c>metrics</c>, <c>validation</c>, <c>checkpoint</c> or <c>log</c>.</summary>
    public required string Type { get; init; }
    public required JsonElement Data { get; init; }
    public required DateTimeOffset Time { get; init; }
}
