using System.Text.Json;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>What an attempt works on.</summary>
public enum AttemptKind
{
    Train,
    Export,
    Predict,
}

/// <summary>One try to run a job or an export on a trainer. Its id is the subject of the token with which the trainer calls back.</summary>
public sealed class Attempt
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required AttemptKind Kind { get; init; }

    /// <summary>Id of the training job, export or prediction, by <see cref="Kind"/>.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>1, 2, 3 and so on within the job or export.</summary>
    public required int Number { get; init; }

    /// <summary>Framework of the trainer that it needs.</summary>
    public required string Trainer { get; init; }
    public AttemptState State { get; private set; } = AttemptState.Waiting;

    /// <summary>Sequence number of the last event that was taken. An event up to this number is a repetition.</summary>
    public long LastSequence { get; set; }
    public DateTimeOffset? LastHeartbeatAt { get; set; }
    public int? ResumedFromEpoch { get; set; }
    public Failure? Error { get; private set; }

    /// <summary>Name of the execution that runs it; null when a trainer service does.</summary>
    public string? Execution { get; set; }

    /// <summary>The <c>result</c> of the trainer's <c>completed</c> event.</summary>
    public JsonElement? Result { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>When the files that it uploaded and never reported were removed.</summary>
    public DateTimeOffset? FilesSweptAt { get; init; }

    /// <summary>Prefix of the keys of its files in the internal bucket. It may write nowhere else.</summary>
    public string ArtifactPrefix => $"{FolderOf(Kind)}{SubjectId}/{Number}/";

    /// <summary>Folders of the internal bucket with what attempts upload. No URL writes to another one.</summary>
    public static IReadOnlyList<string> Folders { get; } = [.. Enum.GetValues<AttemptKind>().Select(FolderOf)];

    /// <summary>Prefix of the keys of the copies that a job, export or prediction keeps of its files: what no URL writes.</summary>
    public static string KeptPrefix(AttemptKind kind, Guid subjectId) => kind switch
    {
        AttemptKind.Train => $"models/{subjectId}/", AttemptKind.Predict => $"models/predictions/{subjectId}/", _ => $"models/exports/{subjectId}/",
    };

    private static string FolderOf(AttemptKind kind) => kind switch { AttemptKind.Train => "checkpoints/", AttemptKind.Predict => "predictions/", _ => "exports/" };

    /// <summary>Moves forward. Returns false and changes nothing if the state is not later than the present one, or the attempt has ended.</summary>
    public bool MoveTo(AttemptState state, DateTimeOffset now, Failure? error = null)
    {
        if (State.IsTerminal() || state <= State)
            return false;
        State = state;
        if (state is AttemptState.Starting or AttemptState.Running)
            StartedAt ??= now;
        if (state.IsTerminal())
        {
            EndedAt = now;
            Error = error;
        }

        return true;
    }
}

/// <summary>How far an attempt is.</summary>
/// <remarks><c>waiting → starting → running → completed | failed | cancelled</c>.</remarks>
public enum AttemptState
{
    /// <summary>It waits for a free slot of the trainer.</summary>
    Waiting,

    /// <summary>It has a slot, and the trainer is being asked to start it.</summary>
    Starting,

    /// <summary>It is running.</summary>
    Running,

    /// <summary>It succeeded.</summary>
    Completed,

    /// <summary>It failed; <c>error</c> says why.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

public static class AttemptStates
{
    public static bool IsTerminal(this AttemptState state) => state >= AttemptState.Completed;
}
