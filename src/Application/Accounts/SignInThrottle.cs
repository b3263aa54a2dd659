using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>
/// Slows guessing down. Failures in a row are counted for the e-mail address (an address without an account is treated alike)
/// and for the network address they come from; at the limit of either it is locked, 30 seconds at first and twice as long with
/// each further failure, up to 15 minutes.
/// </summary>
public sealed class SignInThrottle(UserDatabase database, AccountSettings settings, TimeProvider time)
{
    /// <summary>Failures in a row with one e-mail address that are free, and one more that locks.</summary>
    public const int FailuresPerEmail = 5;

    /// <summary>After this long without a failure the count starts again.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private const int FirstLockSeconds = 30;
    private const int LongestLockSeconds = 900;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.TooManyAttempts"/> while either is locked, with the time to wait.</exception>
    public async Task RequireUnlockedAsync(string normalisedEmail, string? address, CancellationToken cancellation)
    {
        var keys = KeysOf(normalisedEmail, address);
        var now = time.GetUtcNow();
        var until = await database.SignInFailures.Where(f => keys.Contains(f.KeyHash) && f.LockedUntil > now).MaxAsync(f => f.LockedUntil, cancellation);
        if (until is not null)
            throw new ProblemException(ErrorCodes.TooManyAttempts) { RetryAfter = until.Value - now };
    }

    /// <summary>Counts a failure for both; one statement, so that parallel guesses are all counted.</summary>
    public Task RecordFailureAsync(string normalisedEmail, string? address, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var keys = KeysOf(normalisedEmail, address);
        int[] limits = [FailuresPerEmail, settings.SignInFailuresPerAddress];
        // In the order of the keys, so that two requests never wait for each other.
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO sign_in_failures AS f (key_hash, count, last_at, locked_until)
            SELECT key, 1, {now}, NULL FROM unnest({keys}) AS k(key) ORDER BY key
            ON CONFLICT (key_hash) DO UPDATE SET
                count = CASE WHEN f.last_at < {now - Memory} THEN 1 ELSE f.count + 1 END,
                last_at = {now},
                locked_until = (
                    SELECT CASE WHEN f.last_at >= {now - Memory} AND f.count + 1 >= l.most
                        THEN {now} + make_interval(secs => least({LongestLockSeconds}, {FirstLockSeconds} * power(2, least(f.count + 1 - l.most, 10))))
                        END
                    FROM unnest({keys}, {limits[..keys.Length]}) AS l(key, most) WHERE l.key = f.key_hash)
            """, cancellation);
    }

    /// <summary>Forgets the failures with an e-mail address after a good sign-in; those of the network address stay, or one good account would hide the guesses at others.</summary>
    public Task ForgetAsync(string normalisedEmail, CancellationToken cancellation)
    {
        var hash = KeyOf("email", normalisedEmail);
        return database.SignInFailures.Where(f => f.KeyHash == hash).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Removes counts whose <see cref="Memory"/> is over; how many.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Memory;
        return database.SignInFailures.Where(failures => failures.LastAt < before).ExecuteDeleteAsync(cancellation);
    }

    private static byte[][] KeysOf(string normalisedEmail, string? address) =>
        NetworkOf(address) is { } network ? [KeyOf("email", normalisedEmail), KeyOf("address", network)] : [KeyOf("email", normalisedEmail)];

    private static byte[] KeyOf(string kind, string value) => SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}:{value}"));

    /// <summary>An IPv4 address as it is; of IPv6 the first 64 bits, since one subscriber has all the rest to choose from (RFC 6177).</summary>
    internal static string? NetworkOf(string? address)
    {
        if (!IPAddress.TryParse(address, out var ip))
            return null;
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        return ip.AddressFamily == AddressFamily.InterNetwork ? ip.ToString() : Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8));
    }
}
