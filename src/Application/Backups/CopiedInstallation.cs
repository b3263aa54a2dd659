using Microsoft.EntityFrameworkCore;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Backups;

/// <summary>
/// Makes the databases of another installation fit for a start here: what was under way there does not go on here, so that no trainer is asked, no person mailed
/// and no orchestration continued twice. Can be repeated. Operations end by themselves (<see cref="Operations.OperationRuns.CloseForeignAsync"/>).
/// </summary>
public static class CopiedInstallation
{
    /// <summary>Ends jobs, attempts, exports and deployments, and forgets the orchestrations.</summary>
    public static async Task QuietAsync(PlatformDatabase database, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.Database.ExecuteSqlAsync(
            $"""
            DROP SCHEMA IF EXISTS durable CASCADE;
            DELETE FROM trainer_leases;
            DELETE FROM trainer_turns;
            DELETE FROM person_turns;
            UPDATE attempts SET state = 'cancelled', ended_at = now() WHERE state IN ('waiting', 'starting', 'running');
            UPDATE predictions SET state = 'cancelled', completed_at = now() WHERE completed_at IS NULL;
            UPDATE sweeps SET state = 'cancelled', completed_at = now() WHERE state = 'running';
            UPDATE training_jobs SET state = 'cancelled', completed_at = now() WHERE state IN ('queued', 'starting', 'running', 'finalizing');
            UPDATE exports SET state = 'cancelled', completed_at = now() WHERE state IN ('pending', 'running');
            UPDATE deployments SET state = 'deactivated' WHERE state IN ('pending', 'deploying', 'active');
            """, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Forgets mails that were not sent yet.</summary>
    public static Task QuietAsync(UserDatabase database, CancellationToken cancellation) => database.Database.ExecuteSqlAsync($"DELETE FROM queued_mails", cancellation);
}
