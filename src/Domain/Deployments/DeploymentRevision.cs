namespace VisionPlatform.Domain.Deployments;

/// <summary>An export that a deployment served, serves or may serve. It never changes.</summary>
public sealed class DeploymentRevision
{
    public required Guid DeploymentId { get; init; }

    /// <summary>1 for the export that the deployment was made with, then one more for each.</summary>
    public required int Number { get; init; }
    public required Guid ExportId { get; init; }

    /// <summary>Framework of the trainer that serves it where no model server does.</summary>
    public required string Trainer { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
