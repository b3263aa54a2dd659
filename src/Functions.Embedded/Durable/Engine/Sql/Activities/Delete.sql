-- Deletes the calls with the keys $2, $3, $4, after Activities/Lock.sql.
DELETE FROM :schema.activities
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
    CROSS JOIN LATERAL (
        SELECT a.ctid AS place
        FROM :schema.activities a
        WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
        OFFSET 0
    ) found))
