-- What the instance $2 has still to be told, in order; the last column says whether it is due.
SELECT kind, task_id, name, visible_at, visible_at <= now()
FROM :schema.messages
WHERE hub = $1 AND instance_id = $2 AND (execution_id IS NULL OR execution_id = $3)
ORDER BY id
