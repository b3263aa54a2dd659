using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Lists;

/// <summary>The requested page of a list: <c>?limit=</c> (1 to 200, default 50) and <c>?cursor=</c>.</summary>
/// <param name="Limit">Largest number of items. Read one row more to find out whether there is a next page.</param>
/// <param name="Cursor">Cursor from the previous page; null for the first page.</param>
public sealed record PageRequest(int Limit, string? Cursor)
{
    public const int DefaultLimit = 50;
    public const int MaximumLimit = 200;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidParameter"/> for a limit out of range.</exception>
    public static PageRequest Read(HttpRequest request)
    {
        var limit = DefaultLimit;
        if (request.Query["limit"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaximumLimit))
            throw new ProblemException(ErrorCodes.InvalidParameter, $"limit must be a whole number from 1 to {MaximumLimit}.", "limit");
        return new PageRequest(limit, request.Query["cursor"].ToString() is { Length: > 0 } cursor ? cursor : null);
    }

    /// <summary>The sort key after which the page begins (a Guid, a number or a record); default on the first page.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidCursor"/> for a cursor that does not belong to this list.</exception>
    public TKey? After<TKey>()
    {
        if (Cursor is null)
            return default;
        try
        {
            var json = Base64Url.DecodeFromChars(Cursor);
            // What a page gave reads back as exactly the same bytes; anything else was made up.
            if (IsStorable(json) && JsonSerializer.Deserialize<TKey>(json, ApiJson.Options) is { } key && JsonSerializer.SerializeToUtf8Bytes(key, ApiJson.Options).AsSpan().SequenceEqual(json))
                return key;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // Answered below.
        }
        throw new ProblemException(ErrorCodes.InvalidCursor, ErrorCodes.InvalidCursor.Title, "cursor");
    }

    /// <summary>Whether every text is one that a column can hold: without NUL, and valid Unicode, which reading it checks.</summary>
    private static bool IsStorable(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.GetString()!.Contains('\0'))
                return false;
        return true;
    }
}

/// <summary>One page of a list.</summary>
/// <param name="Items">Items of this page, at most <c>limit</c> of them.</param>
/// <param name="NextCursor">Value of <c>cursor</c> for the next page; null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

public static class Page
{
    /// <summary>Creates a page from rows in list order that were read with <c>LIMIT page.Limit + 1</c>.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="page">The requested page.</param>
    /// <param name="key">The sort key of a row, of the type of <see cref="PageRequest.After{TKey}"/>.</param>
    /// <param name="answer">Converts a row to its answer.</param>
    public static Page<T> Of<TRow, TKey, T>(IReadOnlyList<TRow> rows, PageRequest page, Func<TRow, TKey> key, Func<TRow, T> answer) =>
        rows.Count <= page.Limit
            ? new([.. rows.Select(answer)], null)
            : new([.. rows.Take(page.Limit).Select(answer)], CursorOf(key(rows[page.Limit - 1])));

    internal static string CursorOf<TKey>(TKey key) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(key, ApiJson.Options));
}
