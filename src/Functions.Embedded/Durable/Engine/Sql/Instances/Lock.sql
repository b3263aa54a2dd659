-- Locks the instances of $2 until the transaction ends; gives what a commit is checked against. Ids that do not exist are left out.
-- A transaction that changes instances locks all of them by this, its own and those that get messages, before it does anything else. The
-- inner query is sorted and the locks are taken row by row in its order: two transactions never wait for each other in a circle.
SELECT found.instance_id, found.execution_id, found.status, found.turn, found.locked_by
FROM (SELECT DISTINCT u.instance_id COLLATE "C" AS instance_id FROM unnest($2::text[]) AS u (instance_id) ORDER BY 1) AS k
CROSS JOIN LATERAL (
    SELECT i.instance_id, i.execution_id, i.status, i.turn, i.locked_by
    FROM :schema.instances i
    WHERE i.hub = $1 AND i.instance_id = k.instance_id
    FOR UPDATE
) found
