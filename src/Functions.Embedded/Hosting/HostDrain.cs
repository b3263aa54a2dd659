using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// Stops running functions with the host. Endless responses (server-sent events) are cancelled at once, so that clients reconnect elsewhere. Other
/// functions may run for <see cref="Grace"/> before their token is cancelled; the rest of <see cref="ShutdownTimeout"/> is for their cleanup.
/// </summary>
internal sealed class HostDrain : IDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _onStopping;

    public HostDrain(IHostApplicationLifetime lifetime, TimeProvider time)
    {
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Stopping = lifetime.ApplicationStopping;
        _onStopping = Stopping.Register(() => _deadline.CancelAfter(Grace));
    }

    public CancellationToken Stopping { get; }

    /// <summary>Cancelled after the grace.</summary>
    public CancellationToken Deadline => _deadline.Token;

    /// <summary>A token for a function that no client waits for.</summary>
    public CancellationTokenSource ForFunction(TimeSpan? timeout, CancellationToken other = default)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Deadline, other);
        if (timeout is { } limit)
            source.CancelAfter(limit);
        return source;
    }

    /// <summary>A token that is cancelled when the request ends, the function's time limit passes or the host stops.</summary>
    public RequestCancellation ForRequest(HttpContext http, TimeSpan? timeout)
        => new(ForFunction(timeout, http.RequestAborted), http, Stopping);

    public void Dispose()
    {
        _onStopping.Dispose();
        _deadline.Dispose();
    }
}
