using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;
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
/// Counts requests in token buckets of this process. A bucket holds the requests of one minute and refills steadily. Every answer says
/// what is left (<c>RateLimit-Limit</c>, <c>-Remaining</c>, <c>-Reset</c> of https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-03).
/// </summary>
public sealed class RateLimits : IDisposable
{
    private readonly Bucket _address, _user, _token, _signIn, _trainer, _predictions;

    public RateLimits(TrafficSettings settings)
    {
        _address = new Bucket("address", settings.PerAddress);
        _user = new Bucket("account", settings.PerUser);
        _token = new Bucket("token", settings.PerToken);
        _signIn = new Bucket("address", settings.SignIn);
        _trainer = new Bucket("address", settings.Trainer);
        _predictions = new Bucket("caller", settings.Predictions, "predictions");
    }

    /// <summary>Counts a request before authentication.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public void CountAddress(HttpContext http, RateLimit limit)
    {
        if (limit == RateLimit.None)
            return;
        var address = PartitionOf(http.Connection.RemoteIpAddress);
        (limit switch { RateLimit.Trainer => _trainer, _ => _address }).Count(http, address);
        if (limit == RateLimit.SignIn)
            _signIn.Count(http, address);
    }

    /// <summary>Counts a request of a signed-in caller.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public void CountCaller(HttpContext http, Guid user, string token)
    {
        // The end of a token, its signature, identifies it.
        _token.Count(http, token.Length > 43 ? token[^43..] : token);
        _user.Count(http, user.ToString());
    }

    /// <summary>Counts a prediction, which costs far more than other requests.</summary>
    /// <param name="http">The request.</param>
    /// <param name="caller">The account, or the deployment whose key the caller has.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.RateLimited"/>.</exception>
    public void CountPrediction(HttpContext http, Guid caller) => _predictions.Count(http, caller.ToString());

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

    private sealed class Bucket(string whose, int perMinute, string what = "requests") : IDisposable
    {
        private const int SecondsPerMinute = 60;

        private readonly string _limit = perMinute.ToString(CultureInfo.InvariantCulture);
        private readonly string _policy = $"{perMinute};w={SecondsPerMinute}";
        private readonly PartitionedRateLimiter<string>? _limiter = perMinute == 0 ? null : PartitionedRateLimiter.Create<string, string>(
            who => RateLimitPartition.GetTokenBucketLimiter(who, _ => Options(perMinute)), StringComparer.Ordinal);

        public void Count(HttpContext http, string who)
        {
            if (_limiter is null)
                return;
            using var lease = _limiter.AttemptAcquire(who);
            var left = lease.IsAcquired ? _limiter.GetStatistics(who)?.CurrentAvailablePermits ?? 0 : 0;
            Tell(http.Response.Headers, left);
            if (!lease.IsAcquired)
            {
                throw new ProblemException(ErrorCodes.RateLimited, $"This {whose} may send {perMinute} {what} per minute.")
                {
                    RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1),
                };
            }
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
