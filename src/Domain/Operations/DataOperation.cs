using System.Text.Json;

namespace VisionPlatform.Domain.Operations;

/// <summary>What an operation does with data.</summary>
public enum OperationKind
{
    DatabaseCopy,
    DatabaseComparison,
    StorageSync,
    StorageComparison,

    /// <summary>A sync of the datasets' bucket to the cold bucket.</summary>
    DatasetBackup,
    Backup,
    BackupVerification,
    Restore,
    Drill,
}

/// <summary>How far an operation is: <c>pending → running → completed</c>, <c>failed</c> or <c>cancelled</c>. The last three are final.</summary>
public enum OperationState
{
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>Who started an operation.</summary>
public enum OperationStarter
{
    Account,
    Schedule,
}

/// <summary>An operation on data that an administrator or a timer started in the running app.</summary>
public sealed class DataOperation
{
    public required Guid Id { get; init; }
    public required OperationKind Kind { get; init; }
    public OperationState State { get; private set; } = OperationState.Pending;

    /// <summary>With what, in the names of locations: <c>platform → archive</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>Name of the orchestrator or activity that does it.</summary>
    public required string Function { get; init; }

    /// <summary>Its input. It holds names of locations, never an address with a password.</summary>
    public required JsonElement Request { get; init; }
    public bool IsDryRun { get; init; }

    /// <summary>Address of the target, without a password; null for operations that only read. Only one operation at a time works on a target.</summary>
    public string? Target { get; init; }

    /// <summary>The database in which the operation was started. In a copy of that database it is not under way.</summary>
    public required string Home { get; init; }

    /// <summary>The time of a schedule for which it was started; null for people's. There is one operation for each.</summary>
    public string? Firing { get; init; }

    /// <summary>Id of the account; null for a timer.</summary>
    public Guid? CreatedBy { get; init; }

    public OperationStarter StartedBy => Firing is null ? OperationStarter.Account : OperationStarter.Schedule;
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }
    public DateTimeOffset? CancelRequestedAt { get; private set; }

    /// <summary>What is being done; null until the first step.</summary>
    public string? Phase { get; private set; }
    public DateTimeOffset? PhaseStartedAt { get; private set; }

    /// <summary>Tables, objects or parts that the phase has done.</summary>
    public long Items { get; private set; }
    public long Bytes { get; private set; }

    /// <summary>Tables, objects or parts that the phase will do, as far as it is known; 0 when it is not.</summary>
    public long ExpectedItems { get; private set; }

    /// <summary>Bytes that the phase will move, as far as it is known; 0 when it is not.</summary>
    public long ExpectedBytes { get; private set; }
    public JsonElement? Report { get; private set; }

    /// <summary>One sentence; null unless it failed.</summary>
    public string? Error { get; private set; }

    public bool HasEnded => State is OperationState.Completed or OperationState.Failed or OperationState.Cancelled;

    /// <summary>Begins, also again after a crash. False if it has ended.</summary>
    public bool Begin(DateTimeOffset now)
    {
        if (HasEnded)
            return false;
        (State, StartedAt) = (OperationState.Running, StartedAt ?? now);
        return true;
    }

    /// <summary>Asks for the end. What has not begun ends at once. False if it has ended.</summary>
    public bool RequestCancel(DateTimeOffset now)
    {
        if (HasEnded)
            return false;
        CancelRequestedAt ??= now;
        if (State == OperationState.Pending)
            (State, EndedAt) = (OperationState.Cancelled, now);
        return true;
    }

    /// <summary>Ends it. What was to be cancelled and failed is cancelled. Does nothing if it has ended.</summary>
    /// <param name="error">Why it failed; null if it did not.</param>
    /// <param name="report">What it did, as far as it got.</param>
    /// <param name="now">The time.</param>
    public bool End(string? error, JsonElement? report, DateTimeOffset now)
    {
        if (HasEnded)
            return false;
        State = error is null ? OperationState.Completed : CancelRequestedAt is not null ? OperationState.Cancelled : OperationState.Failed;
        Error = State == OperationState.Failed ? error : null;
        (Report, EndedAt) = (report, now);
        return true;
    }

    /// <summary>Adds what was done since the last time. True if a new phase began.</summary>
    public bool Advance(OperationProgress progress, DateTimeOffset now)
    {
        var isNew = progress.Phase is not null && progress.Phase != Phase;
        if (isNew || progress.Restarts)
            (Phase, PhaseStartedAt, Items, Bytes, ExpectedItems, ExpectedBytes) = (progress.Phase ?? Phase, now, 0, 0, 0, progress.ExpectedBytes);
        Items += progress.Items;
        Bytes += progress.Bytes;
        ExpectedItems += progress.FoundItems;
        ExpectedBytes += progress.FoundBytes;
        return isNew;
    }
}

/// <summary>What was done since the last time.</summary>
/// <param name="Phase">What is being done; null if that was not said since the last time.</param>
/// <param name="Restarts">Whether the phase counts again from the beginning.</param>
/// <param name="Items">Further tables, objects or parts.</param>
/// <param name="Bytes">Further bytes.</param>
/// <param name="ExpectedBytes">Bytes of the whole phase, as they were known at its beginning; 0 when they were not.</param>
/// <param name="FoundItems">Further objects that the phase will have to do.</param>
/// <param name="FoundBytes">Further bytes that it will have to move.</param>
public sealed record OperationProgress(string? Phase, bool Restarts, long Items, long Bytes, long ExpectedBytes, long FoundItems = 0, long FoundBytes = 0);

/// <summary>An entry of an operation's event stream. Ids rise within an operation.</summary>
public sealed class OperationEvent
{
    public long Id { get; init; }
    public required Guid OperationId { get; init; }

    /// <summary><c>state</c>, <c>phase</c> or <c>problem</c>.</summary>
    public required string Type { get; init; }
    public required JsonElement Data { get; init; }
    public required DateTimeOffset Time { get; init; }
}
