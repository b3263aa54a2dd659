using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Limits;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Limits;

/// <summary>The rate limit that counts the requests of a function.</summary>
public enum RateLimit
{
    /// <summary>By address, and by account and token after authentication.</summary>
    General,

    /// <summary>Strict, by address: for requests with which callers could guess passwords or flood mailboxes.</summary>
    SignIn,

    /// <summary>Generous, by address: for callbacks of trainers.</summary>
    Trainer,

    /// <summary>No limit: for health checks.</summary>
    None,
}

/// <summary>
/// Selects the rate limit of a function. The default is <see cref="RateLimit.Trainer"/> for trainers, <see cref="RateLimit.SignIn"/> for
/// anonymous POST requests, and <see cref="RateLimit.General"/> for all others.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RateLimitAttribute(RateLimit limit) : Attribute
{
    public RateLimit Limit { get; } = limit;
}

/// <summary>
/// Counts requests in token buckets that all instances share (<see cref="CallerShare"/>). A bucket holds the requests of one minute and refills
/// steadily. While the user database is away, each instance counts its own requests. Every answer says what is left
/// (<c>RateLimit-Limit</c>, <c>-Remaining</c>, <c>-Reset</c> of https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-03).
/// </summary>
public sealed class RateLimits : IDisposable
{
    private readonly Bucket _address, _user, _token, _signIn, _trainer, _predictions;

    public RateLimits(TrafficSettings settings, SharedBuckets shared, TimeProvider time)
    {
        _address = Make("address", settings.PerAddress);
        _user = Make("account", settings.PerUser);
        _token = Make("token", settings.PerToken);
        _signIn = Make("sign-in", settings.SignIn, whose: "address");
        _trainer = Make("trainer", settings.Trainer, whose: "address");
        _predictions = Make("predictions", settings.Predictions, whose: "caller", what: "predictions");

        Bucket Make(string name, int perMinute, string? whose = null, string what = "requests") => new(name, whose ?? name, perMinute, what, shared, time);
    }

    /// <summary>Counts a request before authentication.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public async ValueTask CountAddressAsync(HttpContext http, RateLimit limit)
    {
        if (limit == RateLimit.None)
            return;
        var address = PartitionOf(http.Connection.RemoteIpAddress);
        await (limit switch { RateLimit.Trainer => _trainer, _ => _address }).CountAsync(http, address);
        if (limit == RateLimit.SignIn)
            await _signIn.CountAsync(http, address);
    }

    /// <summary>Counts a request of a signed-in caller.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public async ValueTask CountCallerAsync(HttpContext http, Guid user, string token)
    {
        // The end of a token, its signature, identifies it.
        await _token.CountAsync(http, token.Length > 43 ? token[^43..] : token);
        await _user.CountAsync(http, user.ToString());
    }

    /// <summary>Counts a prediction, which costs far more than other requests.</summary>
    /// <param name="http">The request.</param>
    /// <param name="caller">The account, or the deployment whose key the caller has.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public ValueTask CountPredictionAsync(HttpContext http, Guid caller) => _predictions.CountAsync(http, caller.ToString());

    public void Dispose()
    {
        foreach (var bucket in (Bucket[])[_address, _user, _token, _signIn, _trainer, _predictions])
            bucket.Dispose();
    }

    // A household or server usually has a whole /64 of IPv6.
    private static string PartitionOf(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private sealed class Bucket(string name, string whose, int perMinute, string what, SharedBuckets shared, TimeProvider time) : IDisposable
    {
        private const int SecondsPerMinute = 60;

        private readonly string _limit = perMinute.ToString(CultureInfo.InvariantCulture);
        private readonly string _policy = $"{perMinute};w={SecondsPerMinute}";
        private readonly ConcurrentDictionary<string, CallerShare> _shares = new(StringComparer.Ordinal);
        private long _swept = time.GetTimestamp();

        // For times when the database is away.
        private readonly PartitionedRateLimiter<string>? _limiter = perMinute == 0 ? null : PartitionedRateLimiter.Create<string, string>(
            who => RateLimitPartition.GetTokenBucketLimiter(who, _ => Options(perMinute)), StringComparer.Ordinal);

        public async ValueTask CountAsync(HttpContext http, string who)
        {
            if (_limiter is null)
                return;
            var (left, wait) = await ShareOf(who).TakeAsync() ?? CountAlone(_limiter, who);
            Tell(http.Response.Headers, left);
            if (wait is not null)
                throw new ProblemException(ErrorCodes.RateLimited, $"This {whose} may send {perMinute} {what} per minute.") { RetryAfter = wait };
        }

        private static Verdict CountAlone(PartitionedRateLimiter<string> limiter, string who)
        {
            using var lease = limiter.AttemptAcquire(who);
            return lease.IsAcquired
                ? new Verdict(limiter.GetStatistics(who)?.CurrentAvailablePermits ?? 0, null)
                : new Verdict(0, lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
        }

        private CallerShare ShareOf(string who)
        {
            if (_shares.TryGetValue(who, out var share))
                return share;
            ForgetIdle();
            // The hash keeps addresses and tokens out of the database.
            return _shares.GetOrAdd(who, one => new CallerShare(shared, SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{one}")), perMinute, time));
        }

        private void ForgetIdle()
        {
            var (now, swept) = (time.GetTimestamp(), Volatile.Read(ref _swept));
            if (time.GetElapsedTime(swept, now) < SharedBuckets.Window || Interlocked.CompareExchange(ref _swept, now, swept) != swept)
                return;
            foreach (var (who, share) in _shares)
                if (time.GetElapsedTime(share.LastUsed, now) > SharedBuckets.Window)
                    _shares.TryRemove(who, out _);
        }

        public void Dispose() => _limiter?.Dispose();

        // With several limits, report the one with the fewest requests left.
        private void Tell(IHeaderDictionary headers, long left)
        {
            if (long.TryParse(headers["RateLimit-Remaining"], CultureInfo.InvariantCulture, out var reported) && reported <= left)
                return;
            headers["RateLimit-Limit"] = _limit;
            headers["RateLimit-Policy"] = _policy;
            headers["RateLimit-Remaining"] = left.ToString(CultureInfo.InvariantCulture);
            headers["RateLimit-Reset"] = ((perMinute - left) * SecondsPerMinute / perMinute).ToString(CultureInfo.InvariantCulture);
        }

        private static TokenBucketRateLimiterOptions Options(int perMinute) => new()
        {
            TokenLimit = perMinute,
            TokensPerPeriod = Math.Max(1, perMinute / SecondsPerMinute),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, (double)SecondsPerMinute / perMinute)),
            QueueLimit = 0,
        };
    }
}
