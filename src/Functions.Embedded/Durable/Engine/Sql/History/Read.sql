-- The histories of the executions $3 of the instances $2, as long as the instance's row says ($4), in order: what a replay needs.
SELECT h.instance_id, h.kind, h.at, h.task_id, h.name, h.data, h.target, h.fire_at, h.message_id
FROM unnest($2::text[], $3::uuid[], $4::int[]) AS w (instance_id, execution_id, history_length)
CROSS JOIN LATERAL (
    SELECT *
    FROM :schema.history h
    WHERE h.hub = $1 AND h.instance_id = w.instance_id AND h.execution_id = w.execution_id AND h.seq < w.history_length
    OFFSET 0
) h
ORDER BY h.instance_id, h.seq
