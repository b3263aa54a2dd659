using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Leases of trainer slots. No trainer runs more attempts than it has slots. People take turns, and so do the projects of one person: first the attempt
/// whose person has fewer attempts running or in front of it, then the one whose person has not had a slot for longest, then the one that has waited
/// longest; among the attempts of one person, projects are ordered in the same way, and within a project the priority of the job comes before the time
/// of waiting. So somebody who queues many jobs or exports, in however many projects and of whatever priority, delays another person by one of them at
/// most, and a project of theirs another project.
/// </summary>
public static class TrainerSlots
{
    /// <summary>A lease that is not renewed for this long no longer counts.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(10);

    private const string WithHolder =
        """
        attempts a LEFT JOIN training_jobs j ON j.id = a.subject_id LEFT JOIN exports e ON e.id = a.subject_id LEFT JOIN predictions p ON p.id = a.subject_id
            CROSS JOIN LATERAL (SELECT coalesce(j.created_by, e.created_by, p.created_by) AS user_id, coalesce(j.project_id, e.project_id, p.project_id) AS project_id) holder
        """;

    /// <summary>The waiting attempts of trainer {0} at time {1} with the place of each, from 1.</summary>
    private const string Queue =
        $$"""
        held AS (
            SELECT holder.user_id, holder.project_id, count(*) AS slots
            FROM {{WithHolder}} JOIN trainer_leases l ON l.attempt_id = a.id
            WHERE l.trainer = {0} AND l.expires_at > {1} GROUP BY 1, 2
        ), in_project AS (
            SELECT a.id, a.subject_id, a.created_at, holder.user_id, t.taken_at,
                coalesce(h.slots, 0) + row_number() OVER (
                    PARTITION BY holder.user_id, holder.project_id ORDER BY CASE j.priority WHEN 'high' THEN 1 WHEN 'low' THEN 3 ELSE 2 END, a.created_at, a.id) AS round
            FROM {{WithHolder}}
            LEFT JOIN held h ON h.user_id = holder.user_id AND h.project_id = holder.project_id
            LEFT JOIN person_turns t ON t.trainer = a.trainer AND t.user_id = holder.user_id AND t.project_id = holder.project_id
            WHERE a.trainer = {0} AND a.state = 'waiting' AND NOT EXISTS (SELECT FROM trainer_leases l WHERE l.attempt_id = a.id AND l.expires_at > {1})
        ), rounds AS (
            SELECT id, subject_id, created_at,
                coalesce((SELECT sum(h.slots) FROM held h WHERE h.user_id = w.user_id), 0) + row_number() OVER (PARTITION BY user_id ORDER BY round, taken_at NULLS FIRST, created_at, id) AS round,
                (SELECT max(t.taken_at) FROM person_turns t WHERE t.trainer = {0} AND t.user_id = w.user_id) AS taken_at
            FROM in_project w
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
        INSERT INTO person_turns (trainer, user_id, project_id, taken_at)
        SELECT {0}, holder.user_id, holder.project_id, {1} FROM {{WithHolder}} JOIN lease ON lease.attempt_id = a.id
        ON CONFLICT (trainer, user_id, project_id) DO UPDATE SET taken_at = EXCLUDED.taken_at
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
