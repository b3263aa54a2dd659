-- Tells the instance $2 again what the undone turn was told, and its open timers. Answers to calls are for the execution $3 alone, events for
-- whichever is current.
INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, fire_at, visible_at)
SELECT $1, $2, CASE WHEN m.task_id >= 0 THEN $3::uuid END, m.kind, m.task_id, m.name, m.data, m.fire_at, coalesce(m.fire_at, now())
FROM unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[]) AS m (kind, task_id, name, data, fire_at)
