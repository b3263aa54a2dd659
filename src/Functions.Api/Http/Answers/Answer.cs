using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Idempotency;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>A successful answer: JSON body, <c>Location</c> of a new resource, <c>ETag</c> of a resource that can be edited.</summary>
public sealed class Answer : IResult, IStatusCodeHttpResult
{
    private readonly Func<byte[]>? _serialize;

    private Answer(int status, Func<byte[]>? serialize) => (Status, _serialize) = (status, serialize);

    public int Status { get; }

    int? IStatusCodeHttpResult.StatusCode => Status;

    internal string? Location { get; private init; }

    internal EntityTag? Version { get; private init; }

    // Whether the body has parts that are not in the versioned row.
    private bool ShowsMore { get; init; }

    /// <summary>200. With a version, a GET answers an <c>ETag</c>, and 304 to a matching <c>If-None-Match</c>.</summary>
    /// <param name="body">The body.</param>
    /// <param name="version">Version of the row; null when it cannot be edited.</param>
    /// <param name="showsMore">Whether the body has parts that change without the row, like counts of other rows.</param>
    public static Answer Ok<T>(T body, EntityTag? version = null, bool showsMore = false) =>
        new(StatusCodes.Status200OK, Json(body)) { Version = version, ShowsMore = showsMore };

    /// <summary>201.</summary>
    /// <param name="location">Address of the resource: <c>/api/v1/projects/{id}</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="version">Version of the row; null when it cannot be edited.</param>
    public static Answer Created<T>(string location, T body, EntityTag? version = null) =>
        new(StatusCodes.Status201Created, Json(body)) { Location = location, Version = version };

    /// <summary>202: the work continues after the answer.</summary>
    /// <inheritdoc cref="Created{T}(string, T, EntityTag?)"/>
    public static Answer Accepted<T>(string location, T body, EntityTag? version = null) =>
        new(StatusCodes.Status202Accepted, Json(body)) { Location = location, Version = version };

    /// <summary>204.</summary>
    public static Answer NoContent() => new(StatusCodes.Status204NoContent, null);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var body = _serialize?.Invoke();
        await WriteAsync(httpContext, Status, Location, Tag(body)?.ToString(), body);
    }

    /// <summary>The complete answer, to store and replay.</summary>
    internal StoredAnswer Render()
    {
        var body = _serialize?.Invoke();
        return new StoredAnswer(Status, Location, Tag(body)?.ToString(), body);
    }

    internal static Task WriteAsync(HttpContext http, int status, string? location, string? tag, byte[]? body)
    {
        var response = http.Response;
        if (location is not null)
            response.Headers.Location = location;
        if (tag is not null)
        {
            response.Headers.ETag = tag;
            if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
            {
                // Browsers may cache the answer for this person but must revalidate it each time.
                response.Headers.CacheControl = "private, no-cache";
                if (status == StatusCodes.Status200OK && http.Request.HasSeen(new EntityTag(tag.Trim('"'))))
                {
                    response.StatusCode = StatusCodes.Status304NotModified;
                    return Task.CompletedTask;
                }
            }
        }
        response.StatusCode = status;
        if (body is null)
            return Task.CompletedTask;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private EntityTag? Tag(byte[]? body) => Version is { } version ? ShowsMore ? version.With(body) : version : null;

    private static Func<byte[]> Json<T>(T body) => () => JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Options);
}
