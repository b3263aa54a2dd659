namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Something for an instance to be told, and where it is stored until a commit has taken it.</summary>
/// <param name="Event">What happened.</param>
/// <param name="MessageId">The row of <c>durable.messages</c>, if it came as one.</param>
/// <param name="Activity">The row of <c>durable.activities</c> it answers, if the activity ran here and its result was handed over in memory.</param>
internal sealed record InboxItem(HistoryEvent Event, long? MessageId, ActivityKey? Activity)
{
    /// <summary>Whether it answers an earlier execution: it is taken, but not told.</summary>
    public bool IsStale { get; init; }
}
