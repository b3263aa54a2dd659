using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>
/// Slows guessing down: from the fifth failure in a row an address is locked, 30 seconds at first and twice as long with
/// each further one, up to 15 minutes. An address without an account is treated alike.
/// </summary>
public sealed class SignInThrottle(UserDatabase database, TimeProvider clock)
{
    /// <summary>Failures in a row that are free.</summary>
    public const int FreeFailures = 5;

    /// <summary>After this long without a failure the count starts again.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private const int FirstLockSeconds = 30;
    private const int LongestLockSeconds = 900;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.TooManyAttempts"/> while the address is locked.</exception>
    public async Task RequireUnlockedAsync(string normalisedEmail, CancellationToken ct)
    {
        var hash = HashOf(normalisedEmail);
        var now = clock.GetUtcNow();
        var until = await database.SignInFailures.Where(f => f.EmailHash == hash).Select(f => f.LockedUntil).FirstOrDefaultAsync(ct);
        if (until > now)
            throw new ProblemException(ErrorCodes.TooManyAttempts) { RetryAfter = until.Value - now };
    }

    /// <summary>Counts a failure; one statement, so that parallel guesses are all counted.</summary>
    public Task RecordFailureAsync(string normalisedEmail, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO sign_in_failures AS f (email_hash, count, last_at, locked_until)
            VALUES ({HashOf(normalisedEmail)}, 1, {now}, NULL)
            ON CONFLICT (email_hash) DO UPDATE SET
                count = CASE WHEN f.last_at < {now - Memory} THEN 1 ELSE f.count + 1 END,
                last_at = {now},
                locked_until = CASE WHEN f.last_at >= {now - Memory} AND f.count + 1 >= {FreeFailures}
                    THEN {now} + make_interval(secs => least({LongestLockSeconds}, {FirstLockSeconds} * power(2, least(f.count + 1 - {FreeFailures}, 10))))
                    END
            """, ct);
    }

    /// <summary>Forgets the failures after a good sign-in.</summary>
    public Task ForgetAsync(string normalisedEmail, CancellationToken ct)
    {
        var hash = HashOf(normalisedEmail);
        return database.SignInFailures.Where(f => f.EmailHash == hash).ExecuteDeleteAsync(ct);
    }

    private static byte[] HashOf(string normalisedEmail) => SHA256.HashData(Encoding.UTF8.GetBytes(normalisedEmail));
}
