-- Makes calls again that have no answer now. One that is still queued or running stays as it is.
INSERT INTO :schema.activities (hub, instance_id, execution_id, task_id, name, input, version, visible_at)
SELECT $1, $2, $3, c.task_id, c.name, c.input, c.version, now()
FROM unnest($4::int[], $5::text[], $6::text[], $7::text[]) AS c (task_id, name, input, version)
ON CONFLICT (hub, instance_id, execution_id, task_id) DO NOTHING
