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
/// Slows down password guessing. Counts failures in a row for the e-mail address (with or without an account)
/// and for the network address of the caller. An address at its limit is locked, for 30 seconds at first and twice as long after
/// each further failure, up to 15 minutes.
/// </summary>
public sealed class SignInThrottle(UserDatabase database, AccountSettings settings, TimeProvider time)
{
    /// <summary>Number of failures in a row that locks an e-mail address.</summary>
    public const int FailuresPerEmail = 5;

    /// <summary>The count restarts after this time without a failure.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private const int FirstLockSeconds = 30;
    private const int LongestLockSeconds = 900;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.TooManyAttempts"/> with the time to wait while one of the addresses is locked.</exception>
    public async Task RequireUnlockedAsync(string normalisedEmail, string? address, CancellationToken cancellation)
    {
        var keys = KeysOf(normalisedEmail, address);
        var now = time.GetUtcNow();
        var until = await database.SignInFailures.Where(f => keys.Contains(f.KeyHash) && f.LockedUntil > now).MaxAsync(f => f.LockedUntil, cancellation);
        if (until is not null)
            throw new ProblemException(ErrorCodes.TooManyAttempts) { RetryAfter = until.Value - now };
    }

    /// <summary>Counts a failure for both addresses. One statement, so that simultaneous failures are all counted.</summary>
    public Task RecordFailureAsync(string normalisedEmail, string? address, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var keys = KeysOf(normalisedEmail, address);
        int[] limits = [FailuresPerEmail, settings.SignInFailuresPerAddress];
        // Update the rows in the order of their keys, so that two requests cannot deadlock.
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

    /// <summary>Resets the count of an e-mail address after a successful sign-in. The count of the network address stays, or an attacker could reset it with an account of their own.</summary>
    public Task ForgetAsync(string normalisedEmail, CancellationToken cancellation)
    {
        var hash = KeyOf("email", normalisedEmail);
        return database.SignInFailures.Where(f => f.KeyHash == hash).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Deletes counts whose last failure is older than <see cref="Memory"/>. Returns how many.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Memory;
        return database.SignInFailures.Where(failures => failures.LastAt < before).ExecuteDeleteAsync(cancellation);
    }

    private static byte[][] KeysOf(string normalisedEmail, string? address) =>
        NetworkOf(address) is { } network ? [KeyOf("email", normalisedEmail), KeyOf("address", network)] : [KeyOf("email", normalisedEmail)];

    private static byte[] KeyOf(string kind, string value) => SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}:{value}"));

    /// <summary>The whole IPv4 address, or the first 64 bits of an IPv6 address, because one subscriber can use all addresses of a /64 (RFC 6177).</summary>
    internal static string? NetworkOf(string? address)
    {
        if (!IPAddress.TryParse(address, out var ip))
            return null;
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        return ip.AddressFamily == AddressFamily.InterNetwork ? ip.ToString() : Convert.ToHexString(ip.GetAddressBytes().AsSpan(0, 8));
    }
}
