namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An event for an instance, and where it is stored until a commit consumes it.</summary>
/// <param name="Event">The event.</param>
/// <param name="MessageId">Its row in <c>durable.messages</c>; null for a result that was handed over in memory.</param>
/// <param name="Activity">The row in <c>durable.activities</c> that it answers, when the activity ran here and its result was handed over in memory.</param>
internal sealed record InboxItem(HistoryEvent Event, long? MessageId, ActivityKey? Activity)
{
    /// <summary>Whether it is for an earlier execution: then it is consumed but not delivered.</summary>
    public bool IsStale { get; init; }
}
