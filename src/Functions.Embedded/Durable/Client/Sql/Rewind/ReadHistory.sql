-- The history of the execution $3 of the instance $2, with the numbers of its rows.
SELECT seq, kind, at, task_id, name, data, target, fire_at, version
FROM :schema.history
WHERE hub = $1 AND instance_id = $2 AND execution_id = $3
ORDER BY seq
