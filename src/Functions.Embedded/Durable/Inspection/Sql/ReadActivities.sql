-- Calls of the execution $3 of the instance $2 that have no result, with who has them: an engine, whether it is alive, and until when it has them.
SELECT a.task_id, a.locked_by, a.visible_at, a.visible_at > now(), coalesce(h.alive_until > now(), false)
FROM :schema.activities a
LEFT JOIN :schema.hosts h ON h.hub = a.hub AND h.host = a.locked_by
WHERE a.hub = $1 AND a.instance_id = $2 AND a.execution_id = $3
