-- What the instances $2 have to be told now. In no order: the caller sorts by id.
SELECT m.id, m.instance_id, m.execution_id, m.kind, m.task_id, m.name, m.data, m.fire_at
FROM unnest($2::text[]) AS k (instance_id)
CROSS JOIN LATERAL (
    SELECT * FROM :schema.messages m WHERE m.hub = $1 AND m.instance_id = k.instance_id AND m.visible_at <= now() OFFSET 0
) m
