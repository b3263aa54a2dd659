using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Deployments;

/// <summary>An exported model that answers predictions.</summary>
public sealed class Deployment
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid ExportId { get; init; }
    public required string Name { get; set; }

    /// <summary>Framework of the trainer that serves the model.</summary>
    public required string Trainer { get; init; }
    public DeploymentState State { get; private set; } = DeploymentState.Pending;

    /// <summary>SHA-256 of the API key. The key itself is shown once and not stored.</summary>
    public required byte[] ApiKeyHash { get; set; }
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ActivatedAt { get; private set; }

    /// <summary>Version of the row (<c>xmin</c>). The database changes it with every write.</summary>
    public uint Version { get; init; }

    /// <summary>
    /// Moves along <c>pending → deploying → active → deactivated</c>; a deployment fails only from the first two states. Any other move returns
    /// false and changes nothing.
    /// </summary>
    public bool MoveTo(DeploymentState state, DateTimeOffset now, Failure? error = null)
    {
        var allowed = (State, state) switch
        {
            (DeploymentState.Pending, DeploymentState.Deploying) => true,
            (DeploymentState.Pending or DeploymentState.Deploying, DeploymentState.Active or DeploymentState.Failed) => true,
            (DeploymentState.Pending or DeploymentState.Deploying or DeploymentState.Active, DeploymentState.Deactivated) => true,
            _ => false,
        };
        if (!allowed)
            return false;
        State = state;
        Error = error;
        if (state == DeploymentState.Active)
            ActivatedAt = now;
        return true;
    }
}

/// <summary>What a deployment has answered. A row of its own, so that a prediction does not change the version of the deployment.</summary>
public sealed class DeploymentUsage
{
    public required Guid DeploymentId { get; init; }
    public long RequestCount { get; set; }
    public long ImageCount { get; set; }

    /// <summary>Total duration of all requests in milliseconds.</summary>
    public double TotalLatencyMs { get; set; }

    /// <summary>Average duration of a request in milliseconds; null before the first.</summary>
    public double? AverageLatencyMs => RequestCount == 0 ? null : TotalLatencyMs / RequestCount;
}

/// <summary>Whether a deployment answers predictions.</summary>
public enum DeploymentState
{
    /// <summary>It waits to be loaded.</summary>
    Pending,

    /// <summary>The model is being loaded.</summary>
    Deploying,

    /// <summary>It answers predictions.</summary>
    Active,

    /// <summary>It was switched off and answers no more predictions.</summary>
    Deactivated,

    /// <summary>The model could not be loaded.</summary>
    Failed,
}
