using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Leases of trainer slots. No trainer runs more attempts than it has slots. People take turns: first the attempt whose person has fewer attempts
/// running or in front of it, then the one whose person has not had a slot for longest, then the one that has waited longest. So somebody who
/// queues many jobs or exports, in however many projects, delays another person by one of them at most.
/// </summary>
public static class TrainerSlots
{
    /// <summary>A lease that is not renewed for this long no longer counts.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(10);

    private const string WithPerson =
        "attempts a LEFT JOIN training_jobs j ON j.id = a.subject_id LEFT JOIN exports e ON e.id = a.subject_id LEFT JOIN predictions p ON p.id = a.subject_id";

    /// <summary>The waiting attempts of trainer {0} at time {1} with the place of each, from 1.</summary>
    private const string Queue =
        $$"""
        held AS (
            SELECT coalesce(j.created_by, e.created_by, p.created_by) AS user_id, count(*) AS slots
            FROM {{WithPerson}} JOIN trainer_leases l ON l.attempt_id = a.id
            WHERE l.trainer = {0} AND l.expires_at > {1} GROUP BY 1
        ), rounds AS (
            SELECT a.id, a.subject_id, a.created_at, t.taken_at,
                coalesce(h.slots, 0) + row_number() OVER (PARTITION BY coalesce(j.created_by, e.created_by, p.created_by) ORDER BY a.created_at, a.id) AS round
            FROM {{WithPerson}}
            LEFT JOIN held h ON h.user_id = coalesce(j.created_by, e.created_by, p.created_by)
            LEFT JOIN person_turns t ON t.trainer = a.trainer AND t.user_id = coalesce(j.created_by, e.created_by, p.created_by)
            WHERE a.trainer = {0} AND a.state = 'waiting' AND NOT EXISTS (SELECT FROM trainer_leases l WHERE l.attempt_id = a.id AND l.expires_at > {1})
        ), queue AS (
            SELECT id, subject_id, row_number() OVER (ORDER BY round, taken_at NULLS FIRST, created_at, id) AS place FROM rounds
        )
        """;

    private const string Lease =
        $$"""
        WITH {{Queue}}, lease AS (
            INSERT INTO trainer_leases (attempt_id, trainer, acquired_at, expires_at)
            SELECT {2}, {0}, {1}, {3}
            WHERE EXISTS (SELECT FROM trainer_leases WHERE attempt_id = {2} AND expires_at > {1})
               OR (SELECT count(*) FROM trainer_leases WHERE trainer = {0} AND expires_at > {1}) + (SELECT place FROM queue WHERE id = {2}) <= {4}
            ON CONFLICT (attempt_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
            RETURNING attempt_id
        )
        INSERT INTO person_turns (trainer, user_id, taken_at)
        SELECT {0}, coalesce(j.created_by, e.created_by, p.created_by), {1} FROM lease JOIN {{WithPerson}} ON a.id = lease.attempt_id
        ON CONFLICT (trainer, user_id) DO UPDATE SET taken_at = EXCLUDED.taken_at
        """;

    private const string Waiting = $$"""WITH {{Queue}} SELECT subject_id AS "Value" FROM queue ORDER BY place LIMIT 16""";

    /// <summary>
    /// Leases a slot to a waiting attempt if there is one and it is the attempt's turn. Call it in a transaction: it holds the advisory
    /// lock of the trainer until the end, so two processes cannot take the same slot.
    /// </summary>
    public static async Task<bool> TryLeaseSlotAsync(
        this PlatformDatabase database, Attempt attempt, int slots, DateTimeOffset now, CancellationToken cancellation)
    {
        await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended('trainer:' || {attempt.Trainer}, 0))", cancellation);
        return await database.Database.ExecuteSqlRawAsync(Lease, [attempt.Trainer, now, attempt.Id, now + LeaseTime, slots], cancellation) > 0;
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

    /// <summary>Jobs and exports whose attempts wait for this trainer, in the order of their turns, at most 16.</summary>
    public static Task<List<Guid>> WaitingSubjectsAsync(this PlatformDatabase database, string trainer, DateTimeOffset now, CancellationToken cancellation) =>
        database.Database.SqlQueryRaw<Guid>(Waiting, trainer, now).ToListAsync(cancellation);
}
