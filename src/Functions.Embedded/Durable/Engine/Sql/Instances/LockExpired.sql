-- Locks instances that ended longer than $2 ago, the oldest first: at most $3, and no more of them than have $4 rows of history together, but
-- one at least. Those that somebody holds are left for the next time (SKIP LOCKED), so nothing ever waits for retention.
-- A sub-orchestration that did not complete stays as long as the execution that called it may be rewound, which would rewind it too. The result
-- of one that completed is in its caller's history. OFFSET 0 keeps the lookup of the parent apart, or it might be planned as a join.
WITH expired AS MATERIALIZED (
    SELECT i.instance_id, i.completed_at, i.history_length
    FROM :schema.instances i
    WHERE i.hub = $1 AND i.completed_at IS NOT NULL AND i.completed_at < now() - $2::interval
      AND i.status IN ('Completed', 'Failed', 'Terminated')
      AND (i.parent_id IS NULL OR i.status = 'Completed' OR NOT EXISTS (
          SELECT FROM :schema.instances p
          WHERE p.hub = $1 AND p.instance_id = i.parent_id AND p.execution_id = i.parent_execution_id
            AND (p.completed_at IS NULL OR p.completed_at >= now() - $2::interval)
          OFFSET 0))
    ORDER BY i.completed_at
    LIMIT $3
    FOR UPDATE OF i SKIP LOCKED
)
SELECT instance_id
FROM (
    SELECT instance_id, sum(history_length) OVER so_far - history_length AS before
    FROM expired
    WINDOW so_far AS (ORDER BY completed_at, instance_id)
) e
WHERE before < $4
