-- At most $4 calls of the activity $2 (in lower case) that have been waiting for $3, the oldest first.
SELECT instance_id, execution_id, task_id
FROM :schema.activities
WHERE hub = $1 AND lower(name) = $2 AND visible_at > '-infinity' AND visible_at <= now() - $3::interval
ORDER BY visible_at
LIMIT $4
