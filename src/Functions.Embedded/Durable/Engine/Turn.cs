namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>A turn that has run and is to be committed.</summary>
/// <param name="Before">The instance before the turn. The commit is refused when the instance has another turn number by then.</param>
/// <param name="Outcome">What the code did in the turn.</param>
/// <param name="Consumed">The events that the turn consumed.</param>
/// <param name="KeepLease">Whether the instance stays live in this engine.</param>
internal sealed record Turn(InstanceRow Before, TurnOutcome Outcome, IReadOnlyList<InboxItem> Consumed, bool KeepLease)
{
    private readonly TaskCompletionSource<TurnResult> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the turn is committed or refused.</summary>
    public Task<TurnResult> Committed => _committed.Task;

    public string InstanceId => Before.InstanceId;

    /// <summary>Whether the turn replaces one that could not be stored, to fail its instance.</summary>
    public bool IsReplacement { get; init; }

    public bool IsFinal => Outcome.Status.IsFinal();

    /// <summary>Length of the history after the commit, which is that of the next execution when the instance continues as new.</summary>
    public int HistoryLengthAfter => Outcome.Next is null ? Before.HistoryLength + Outcome.Recorded.Count : 0;

    public InstanceRow After => Before with
    {
        ExecutionId = Outcome.Next?.ExecutionId ?? Before.ExecutionId,
        Input = Outcome.Next is { } next ? next.Input : Before.Input,
        Version = Outcome.Next?.Version ?? Before.Version,
        Status = Outcome.Status,
        CustomStatus = Outcome.CustomStatus,
        StartAt = null,
        Turn = Before.Turn + 1,
        HistoryLength = HistoryLengthAfter,
    };

    public void Answer(TurnResult result) => _committed.TrySetResult(result);
}

/// <summary>The result of a commit.</summary>
/// <param name="IsCommitted">False when the turn was refused: another engine has the instance, or it ended or was purged.</param>
/// <param name="DueIn">Time until the instance has something to do again; null when nothing is scheduled.</param>
internal readonly record struct TurnResult(bool IsCommitted, TimeSpan? DueIn);
