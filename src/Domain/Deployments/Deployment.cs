using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Deployments;

/// <summary>An exported model that answers predictions.</summary>
public sealed class Deployment
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    /// <summary>The export of the revision that answers.</summary>
    public required Guid ExportId { get; set; }
    public required string Name { get; set; }

    /// <summary>Framework of the trainer that serves the model where no model server does.</summary>
    public required string Trainer { get; set; }

    /// <summary>Number of the revision that answers.</summary>
    public int Revision { get; private set; } = 1;

    /// <summary>Number of the revision that answered before; null when there was none.</summary>
    public int? PreviousRevision { get; private set; }

    /// <summary>Number of the revision that answers a share of the requests; null when there is none.</summary>
    public int? CanaryRevision { get; private set; }

    /// <summary>The share of the canary in percent, 1 to 99; 0 without one.</summary>
    public int CanaryPercent { get; private set; }

    /// <summary>Number of the revision that gets a copy of the requests and whose answers are only compared; null when there is none.</summary>
    public int? ShadowRevision { get; private set; }
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
    /// Lets a revision answer all requests, whose model is loaded; the canary and the shadow end. Returns false and changes nothing while the first one is
    /// being loaded. A deactivated or failed deployment becomes active.
    /// </summary>
    public bool Serve(DeploymentRevision revision, DateTimeOffset now)
    {
        if (State is DeploymentState.Pending or DeploymentState.Deploying)
            return false;
        if (revision.Number != Revision)
            (PreviousRevision, Revision, ExportId, Trainer) = (Revision, revision.Number, revision.ExportId, revision.Trainer);
        (State, Error, ActivatedAt) = (DeploymentState.Active, null, now);
        (CanaryRevision, CanaryPercent, ShadowRevision) = (null, 0, null);
        return true;
    }

    /// <summary>Lets a revision, whose model is loaded, answer a share of the requests, in place of an earlier canary. Returns false and changes nothing unless the deployment is active with another revision.</summary>
    /// <param name="percent">1 to 99.</param>
    public bool TryOut(DeploymentRevision canary, int percent)
    {
        if (State != DeploymentState.Active || canary.Number == Revision)
            return false;
        (CanaryRevision, CanaryPercent) = (canary.Number, percent);
        return true;
    }

    /// <summary>Ends the canary. Nothing happens if there is none.</summary>
    public void EndCanary() => (CanaryRevision, CanaryPercent) = (null, 0);

    /// <summary>Has a revision, whose model is loaded, answer a copy of the requests, in place of an earlier shadow. Returns false and changes nothing unless the deployment is active with another revision.</summary>
    public bool Shadow(DeploymentRevision shadow)
    {
        if (State != DeploymentState.Active || shadow.Number == Revision)
            return false;
        ShadowRevision = shadow.Number;
        return true;
    }

    /// <summary>Ends the shadow. Nothing happens if there is none.</summary>
    public void EndShadow() => ShadowRevision = null;

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
