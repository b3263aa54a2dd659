using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Accounts;

/// <summary>Removes what signing in leaves behind.</summary>
public sealed class SessionCleanup(RefreshTokens refreshTokens, UserDatabase database, TimeProvider clock, ILogger<SessionCleanup> logger)
{
    [Function(nameof(PurgeSessions))]
    public async Task PurgeSessions([TimerTrigger("0 17 3 * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var before = clock.GetUtcNow() - SignInThrottle.Memory;
        var tokens = await refreshTokens.PurgeAsync(cancellation);
        var failures = await database.SignInFailures.Where(f => f.LastAt < before).ExecuteDeleteAsync(cancellation);
        logger.LogInformation("Removed {Tokens} expired refresh tokens and {Failures} forgotten sign-in failures", tokens, failures);
    }
}
