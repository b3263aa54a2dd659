using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Streams;

/// <summary>How a stream goes on.</summary>
public enum StreamStep
{
    /// <summary>There is more to send.</summary>
    Again,

    /// <summary>Wait for a change.</summary>
    Wait,

    /// <summary>Nothing comes after this.</summary>
    End,
}

/// <summary>Answers with server-sent events: keeps the connection alive, and ends it when its caller may no longer read or it has lasted long enough.</summary>
public sealed class EventStreams(AccessFeed accessChanges, Authentication authentication, HostingSettings hosting, TimeProvider time)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

    /// <summary>Longest time that a poll may wait, in seconds. Proxies often end a request without an answer after 30 s.</summary>
    public const int LongestWait = 25;

    private static readonly TimeSpan ProbeGap = TimeSpan.FromSeconds(2);

    /// <summary>How often a stream checks that its caller may still read it. A change of access makes it check at once; this is for tokens that expire and for lost wakes.</summary>
    private static readonly TimeSpan CheckAccess = TimeSpan.FromSeconds(30);

    /// <summary>Answers a HEAD request.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Sends events until they end, the reader leaves, or the reader may no longer read.</summary>
    /// <param name="http">The request.</param>
    /// <param name="requireAccess">Throws a <see cref="ProblemException"/> if the person may no longer read.</param>
    /// <param name="nextChange">Completes with the next change; called before <paramref name="send"/>, so that no change falls in between.</param>
    /// <param name="send">Sends what there is, event by event, with the function that it gets.</param>
    /// <param name="cancellation">Cancelled when the host stops.</param>
    public async Task RunAsync(
        HttpContext http, Func<CurrentUser, CancellationToken, Task> requireAccess, Func<Task> nextChange, Func<Func<string, Task>, CancellationToken, Task<StreamStep>> send,
        CancellationToken cancellation)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation, http.RequestAborted);
        SetHeaders(http.Response);
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var until = time.GetUtcNow() + hosting.LongestStream;
        var permit = new Permit(accessChanges, time, http.Request.CurrentUser().Id, stop => MayReadAsync(http.Request, requireAccess, stop));
        try
        {
            await WriteAsync(http.Response, "retry: 1000\n\n", gone.Token);
            while (time.GetUtcNow() < until && await permit.IsValidAsync(gone.Token))
            {
                var next = nextChange();
                var isSilent = true;
                var step = await send(text =>
                {
                    isSilent = false;
                    return WriteAsync(http.Response, text, gone.Token);
                }, gone.Token);
                if (step == StreamStep.End)
                    return;
                if (step == StreamStep.Again)
                    continue;
                if (isSilent)
                    await WriteAsync(http.Response, ": still here\n\n", gone.Token);
                await WaitAsync(Task.WhenAny(next, permit.Changed), KeepAlive, gone.Token);
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The reader left, or the host stops. A reader can continue with Last-Event-ID.
        }
    }

    /// <summary>
    /// Reads for a caller that polls: answers as soon as there are events, nothing comes after them, or the time to wait that the caller names in
    /// <c>wait</c> is over.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="requireAccess">Throws a <see cref="ProblemException"/> if the person may no longer read.</param>
    /// <param name="nextChange">Completes with the next change; called before <paramref name="read"/>, so that no change falls in between.</param>
    /// <param name="read">Reads the events that there are.</param>
    /// <param name="cancellation">Cancelled when the host stops: then the answer is what there is.</param>
    public async Task<EventTail<T>> PollAsync<T>(
        HttpRequest request, Func<CurrentUser, CancellationToken, Task> requireAccess, Func<Task> nextChange, Func<CancellationToken, Task<EventTail<T>>> read,
        CancellationToken cancellation)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation, request.HttpContext.RequestAborted);
        var wait = TimeSpan.FromSeconds(request.QueryNumber("wait") ?? 0);
        var until = time.GetUtcNow() + (wait < hosting.LongestStream ? wait : hosting.LongestStream);
        while (true)
        {
            var (next, access) = (nextChange(), accessChanges.NextOf(request.CurrentUser().Id));
            var events = await read(CancellationToken.None);
            var left = until - time.GetUtcNow();
            if (events.Items.Count > 0 || events.Ended || left <= TimeSpan.Zero || gone.IsCancellationRequested)
                return events;
            await WaitAsync(Task.WhenAny(next, access), left < KeepAlive ? left : KeepAlive, gone.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (access.IsCompleted)
                await requireAccess(await authentication.RequireUserAsync(request, CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>Sends one event, and another after a while. A reader that gets both at once is behind a host that holds responses back.</summary>
    public async Task ProbeAsync(HttpContext http, CancellationToken cancellation)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation, http.RequestAborted);
        SetHeaders(http.Response);
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await WriteAsync(http.Response, "event: begin\ndata: {}\n\n", gone.Token);
            await Task.Delay(ProbeGap, time, gone.Token);
            await WriteAsync(http.Response, "event: end\ndata: {}\n\n", gone.Token);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The reader left, or the host stops.
        }
    }

    private async Task<bool> MayReadAsync(HttpRequest request, Func<CurrentUser, CancellationToken, Task> requireAccess, CancellationToken cancellation)
    {
        try
        {
            await requireAccess(await authentication.RequireUserAsync(request, cancellation), cancellation);
            return true;
        }
        catch (ProblemException)
        {
            return false;
        }
    }

    private async Task WaitAsync(Task change, TimeSpan most, CancellationToken cancellation)
    {
        try
        {
            await change.WaitAsync(most, time, cancellation);
        }
        catch (TimeoutException)
        {
            // Read again, in case a wake was lost.
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellation)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>What a caller was let in for, checked again when there is a reason to.</summary>
    private sealed class Permit(AccessFeed changes, TimeProvider time, Guid user, Func<CancellationToken, Task<bool>> check)
    {
        // The first check is due at once: the request was let in before anybody waited for changes.
        private DateTimeOffset _due = DateTimeOffset.MinValue;

        /// <summary>Completes when the caller's access may have changed.</summary>
        public Task Changed { get; private set; } = changes.NextOf(user);

        public async Task<bool> IsValidAsync(CancellationToken cancellation)
        {
            if (!Changed.IsCompleted && time.GetUtcNow() < _due)
                return true;
            (_due, Changed) = (time.GetUtcNow() + CheckAccess, changes.NextOf(user));
            return await check(cancellation);
        }
    }
}
