namespace VisionPlatform.Domain.Training;

/// <summary>When a person last got a slot of a trainer for a project. People take turns, and so do the projects of one person.</summary>
public sealed class TrainerTurn
{
    public required string Trainer { get; init; }
    public required Guid UserId { get; init; }
    public required Guid ProjectId { get; init; }
    public required DateTimeOffset TakenAt { get; set; }
}

/// <summary>The slot of a trainer that an attempt holds.</summary>
public sealed class TrainerLease
{
    public required Guid AttemptId { get; init; }
    public required string Trainer { get; init; }
    public required DateTimeOffset AcquiredAt { get; init; }

    /// <summary>Callbacks renew it. After this time the lease no longer counts.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }
}
