-- Deletes all messages to the instances $2, which are locked and have ended.
DELETE FROM :schema.messages
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[]) AS k (instance_id)
    CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.messages r WHERE r.hub = $1 AND r.instance_id = k.instance_id OFFSET 0) found))
