using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>Leases of trainer slots. The attempt that has waited longest goes first, and no trainer runs more attempts than it has slots.</summary>
public static class TrainerSlots
{
    /// <summary>A lease that is not renewed for this long no longer counts.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Leases a slot to a waiting attempt if one is free and no other attempt has waited longer. Call it in a transaction: it holds the advisory
    /// lock of the trainer until the end, so two processes cannot take the same slot.
    /// </summary>
    public static async Task<bool> TryLeaseSlotAsync(
        this PlatformDatabase database, Attempt attempt, int slots, DateTimeOffset now, CancellationToken cancellation)
    {
        await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended('trainer:' || {attempt.Trainer}, 0))", cancellation);
        var taken = await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO trainer_leases (attempt_id, trainer, acquired_at, expires_at)
            SELECT {attempt.Id}, {attempt.Trainer}, {now}, {now + LeaseTime}
            WHERE (SELECT count(*) FROM trainer_leases WHERE trainer = {attempt.Trainer} AND expires_at > {now} AND attempt_id <> {attempt.Id})
                + (SELECT count(*) FROM attempts
                   WHERE trainer = {attempt.Trainer} AND state = 'waiting' AND (created_at, id) < ({attempt.CreatedAt}, {attempt.Id})
                     AND NOT EXISTS (SELECT FROM trainer_leases held WHERE held.attempt_id = attempts.id)) < {slots}
            ON CONFLICT (attempt_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
            """, cancellation);
        return taken > 0;
    }

    public static Task RenewSlotAsync(this PlatformDatabase database, Guid attemptId, DateTimeOffset now, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"UPDATE trainer_leases SET expires_at = {now + LeaseTime} WHERE attempt_id = {attemptId}", cancellation);

    public static Task ReleaseSlotAsync(this PlatformDatabase database, Guid attemptId, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"DELETE FROM trainer_leases WHERE attempt_id = {attemptId}", cancellation);

    /// <summary>
    /// Ends the open attempts of a finished job or export and frees their slots. An attempt whose orchestration is gone would otherwise stay first
    /// in the queue for ever.
    /// </summary>
    public static Task CloseAttemptsAsync(this PlatformDatabase database, Guid subjectId, DateTimeOffset now, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync(
            $"""
            WITH closed AS (
                UPDATE attempts SET state = 'failed', ended_at = {now}
                WHERE subject_id = {subjectId} AND state IN ('waiting', 'starting', 'running') RETURNING id)
            DELETE FROM trainer_leases WHERE attempt_id IN (SELECT id FROM attempts WHERE subject_id = {subjectId})
            """, cancellation);

    /// <summary>Jobs and exports whose attempts wait for this trainer, the longest wait first, at most 16.</summary>
    public static Task<List<Guid>> WaitingSubjectsAsync(this PlatformDatabase database, string trainer, CancellationToken cancellation) =>
        database.Attempts.AsNoTracking()
            .Where(attempt => attempt.Trainer == trainer && attempt.State == AttemptState.Waiting)
            .OrderBy(attempt => attempt.CreatedAt).ThenBy(attempt => attempt.Id)
            .Select(attempt => attempt.SubjectId).Take(16).ToListAsync(cancellation);
}
