-- Deletes messages that were only for the executions $3 of the instances $2, which continue as new. The instances are locked.
DELETE FROM :schema.messages
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[], $3::uuid[]) AS k (instance_id, execution_id)
    CROSS JOIN LATERAL (
        SELECT r.ctid AS place
        FROM :schema.messages r
        WHERE r.hub = $1 AND r.instance_id = k.instance_id AND r.execution_id = k.execution_id
        OFFSET 0
    ) found))
