-- Deletes the timers $4 that the executions $3 of the instances $2 have cancelled. The instances are locked.
DELETE FROM :schema.messages
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[], $3::uuid[], $4::int[]) AS t (instance_id, execution_id, task_id)
    CROSS JOIN LATERAL (
        SELECT m.ctid AS place
        FROM :schema.messages m
        WHERE m.hub = $1 AND m.instance_id = t.instance_id AND m.execution_id = t.execution_id
          AND m.task_id = t.task_id AND m.kind = 'TimerFired'
        OFFSET 0
    ) found))
