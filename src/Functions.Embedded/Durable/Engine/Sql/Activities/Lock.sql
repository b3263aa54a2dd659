-- Locks the calls with the keys $2, $3, $4 until the transaction ends, in one order for all transactions, and gives those that are there. After
-- Instances/Lock.sql where a transaction changes both.
SELECT found.instance_id, found.task_id
FROM (
    SELECT * FROM unnest($2::text[], $3::uuid[], $4::int[]) AS u (instance_id, execution_id, task_id)
    ORDER BY u.instance_id COLLATE "C", u.task_id
) AS k
CROSS JOIN LATERAL (
    SELECT a.instance_id, a.task_id
    FROM :schema.activities a
    WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
    FOR UPDATE
) found
