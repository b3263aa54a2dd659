using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Accounts;

/// <summary>Removes what signing in leaves behind.</summary>
public sealed class SessionCleanup(Sessions sessions, PersonalTokens personalTokens, UserDatabase database, TimeProvider clock, ILogger<SessionCleanup> logger)
{
    [Function(nameof(PurgeSessions))]
    public async Task PurgeSessions([TimerTrigger("0 17 3 * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var forgotten = now - SignInThrottle.Memory;
        var ended = await sessions.PurgeAsync(cancellation);
        var tokens = await personalTokens.PurgeAsync(cancellation);
        var links = await database.MailedTokens.Where(t => t.ExpiresAt < now).ExecuteDeleteAsync(cancellation);
        var failures = await database.SignInFailures.Where(f => f.LastAt < forgotten).ExecuteDeleteAsync(cancellation);
        logger.LogInformation("Removed {Sessions} ended sessions, {Tokens} personal tokens, {Links} mailed links and {Failures} forgotten sign-in failures", ended, tokens, links, failures);
    }
}
