using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Idempotency;

/// <summary>The <c>Idempotency-Key</c> of requests that create something, and their answers.</summary>
public static class IdempotentRequests
{
    /// <summary>Header of an answer that an earlier request with the same key was given first.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>
    /// What a use case needs to create something once: the request's key, and the answer to give. Read the body first, and start what goes
    /// on after the answer only if <see cref="Created{T}.Made"/> is there.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidParameter"/> for a header that cannot be a key.</exception>
    public static IdempotentCreate<T> Once<T>(this HttpRequest request, Func<T, Answer> answer)
        where T : class =>
        new(KeyOf(request), made => answer(made).Render(), request.HttpContext.RequestServices.GetRequiredService<TimeProvider>());

    public static IResult ToResult<T>(this Created<T> created)
        where T : class => new StoredResult(created.Answer, Replayed: created.Made is null);

    private static IdempotencyKey? KeyOf(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(IdempotencyKey.Header, out var values))
            return null;
        var key = values.ToString();
        if (values.Count != 1 || !IdempotencyKey.IsValid(key))
            throw new ProblemException(
                ErrorCodes.InvalidParameter, $"{IdempotencyKey.Header} must be 1 to {IdempotencyKey.MaximumLength} visible ASCII characters, for example a UUID.", IdempotencyKey.Header);
        return new IdempotencyKey(request.HttpContext.FindCurrentUser()?.Id, Identity(request), key, request.BodyFingerprint());
    }

    /// <summary>What is asked for, however the address is spelled: the function, and the values in its route.</summary>
    private static string Identity(HttpRequest request)
    {
        var function = request.HttpContext.CalledFunction();
        return string.Join('\n', [function.Name, .. function.RouteParameters.Select(name => Plain(request.RouteValues[name]?.ToString()))]);
    }

    private static string Plain(string? value) => Guid.TryParse(value, out var id) ? id.ToString() : value ?? "";

    private sealed record StoredResult(StoredAnswer Stored, bool Replayed) : IResult, IStatusCodeHttpResult
    {
        int? IStatusCodeHttpResult.StatusCode => Stored.Status;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (Replayed)
                httpContext.Response.Headers[ReplayedHeader] = "true";
            return Answer.WriteAsync(httpContext, Stored.Status, Stored.Location, Stored.Tag, Stored.Body);
        }
    }
}
