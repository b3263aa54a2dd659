-- At most $4 instances of the orchestrator $2 (in lower case) that have been ready for $3 and that nobody runs, the longest ready first; when
-- $5, also those that have begun.
SELECT instance_id, parent_id
FROM :schema.instances
WHERE hub = $1 AND lower(name) = $2 AND ready_at <= now() - $3::interval
  AND status IN ('Pending', 'Running', 'Suspended') AND (turn = 0 OR $5)
ORDER BY ready_at
LIMIT $4
