using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace VisionPlatform.Api.Http.Lists;

/// <summary>Events after a position, oldest first, for readers that cannot use the stream.</summary>
/// <param name="Items">The events, at most <c>limit</c> of them.</param>
/// <param name="NextCursor">Position of the last event, for <c>after</c> in the next request; null when there are no events.</param>
/// <param name="Ended">Whether no event comes after these.</param>
public sealed record EventTail<T>(IReadOnlyList<T> Items, string? NextCursor, bool Ended);

internal static class Positions
{
    /// <summary>The position after which a reader of events continues: the header Last-Event-ID, else <c>?after=</c>, else the beginning.</summary>
    public static long Position(this HttpRequest request)
    {
        string? last = request.Headers["Last-Event-ID"];
        return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : request.QueryNumber("after") ?? 0;
    }
}
