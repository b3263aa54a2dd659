using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>What is done with many images.</summary>
public enum ProposalAction
{
    /// <summary>Makes proposals of the answers of a prediction.</summary>
    Propose,

    /// <summary>Makes labels of proposals.</summary>
    Accept,

    /// <summary>Removes proposals.</summary>
    Reject,
}

/// <summary>How far it is.</summary>
public enum ProposalRunState
{
    /// <summary>Images are worked on.</summary>
    Running,

    /// <summary>Every image was looked at.</summary>
    Completed,

    /// <summary>It ended before the last image; what was done until then stays.</summary>
    Failed,

    /// <summary>The dataset was deleted.</summary>
    Cancelled,
}

/// <summary>Proposes, accepts or rejects labels of many images of a dataset, and counts what came of them. The row is the truth about it.</summary>
public sealed class ProposalRun
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }
    public required ProposalAction Action { get; init; }

    /// <summary>The prediction whose answers are proposed; of the other actions, only proposals of this one. Null for all.</summary>
    public Guid? PredictionId { get; init; }

    /// <summary>Only proposals with this class; null for all.</summary>
    public string? Class { get; init; }

    /// <summary>Only answers or proposals that are as sure; null for all.</summary>
    public double? LeastScore { get; init; }
    public ProposalRunState State { get; private set; } = ProposalRunState.Running;

    /// <summary>Path of the prediction, or id of the image, up to which all is done; null at the beginning.</summary>
    public string? After { get; set; }
    public int Done { get; private set; }
    public int Labeled { get; private set; }
    public int Gone { get; private set; }
    public int NothingFound { get; private set; }
    public int Refused { get; private set; }
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? EndedAt { get; private set; }

    public void Count(ProposalOutcome outcome)
    {
        switch (outcome)
        {
            case ProposalOutcome.Done:
                Done++;
                break;
            case ProposalOutcome.Labeled:
                Labeled++;
                break;
            case ProposalOutcome.Gone:
                Gone++;
                break;
            case ProposalOutcome.NothingFound:
                NothingFound++;
                break;
            default:
                Refused++;
                break;
        }
    }

    /// <summary>Ends it; changes nothing when it has ended.</summary>
    public void End(ProposalRunState state, DateTimeOffset now, Failure? error = null)
    {
        if (State == ProposalRunState.Running)
            (State, EndedAt, Error) = (state, now, error);
    }
}
