-- The history of the current execution of the instance $2.
SELECT h.kind, h.at, h.task_id, h.name, h.data, h.target, h.fire_at, h.version, h.tags
FROM :schema.instances i
JOIN :schema.history h ON h.hub = i.hub AND h.instance_id = i.instance_id AND h.execution_id = i.execution_id
WHERE i.hub = $1 AND i.instance_id = $2
ORDER BY h.seq
