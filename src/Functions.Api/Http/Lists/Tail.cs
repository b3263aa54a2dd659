using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace VisionPlatform.Api.Http.Lists;

/// <summary>Entries after a position, oldest first.</summary>
/// <param name="Items">The entries, at most <c>limit</c> of them.</param>
/// <param name="NextCursor">Position of the last entry, for <c>after</c> in the next request; null when there are no entries.</param>
public sealed record Tail<T>(IReadOnlyList<T> Items, string? NextCursor);

internal static class Positions
{
    /// <summary>The position after which a reader of events continues: the header Last-Event-ID, else <c>?after=</c>, else the beginning.</summary>
    public static long Position(this HttpRequest request)
    {
        string? last = request.Headers["Last-Event-ID"];
        return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : request.QueryNumber("after") ?? 0;
    }
}
