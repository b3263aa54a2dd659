namespace VisionPlatform.Domain.Training;

/// <summary>What a file of records holds.</summary>
public enum JobRecordKind
{
    /// <summary>Entries of the event stream, log lines among them.</summary>
    Events,

    /// <summary>Metrics of epochs.</summary>
    Metrics,
}

/// <summary>A file in the internal bucket with records of a job that has ended: gzip, one JSON object a line.</summary>
public sealed class JobRecordPart
{
    public required Guid JobId { get; init; }
    public required JobRecordKind Kind { get; init; }

    /// <summary>1, 2, 3 and so on, in the order of the records.</summary>
    public required int Number { get; init; }

    /// <summary>Id of the first event; 0 for metrics.</summary>
    public required long FirstId { get; init; }

    /// <summary>Id of the last event; 0 for metrics.</summary>
    public required long LastId { get; init; }
    public required int Count { get; init; }

    /// <summary>Levels of the log lines in it, so that a reader of errors leaves out files without any.</summary>
    public required List<string> Levels { get; init; }
    public required string Key { get; init; }
}
