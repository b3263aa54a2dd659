using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Http;

/// <summary>Forgets answers whose <see cref="Creation.Memory"/> is over.</summary>
public sealed class IdempotencyCleanup(PlatformDatabase platform, UserDatabase users, TimeProvider clock, ILogger<IdempotencyCleanup> logger)
{
    [Function(nameof(PurgeIdempotentAnswers))]
    public async Task PurgeIdempotentAnswers([TimerTrigger("0 37 * * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var before = clock.GetUtcNow() - Creation.Memory;
        var removed = await platform.IdempotentAnswers.Where(answer => answer.CreatedAt < before).ExecuteDeleteAsync(cancellation)
            + await users.IdempotentAnswers.Where(answer => answer.CreatedAt < before).ExecuteDeleteAsync(cancellation);
        logger.LogInformation("Removed {Count} answers kept for idempotency keys", removed);
    }
}
