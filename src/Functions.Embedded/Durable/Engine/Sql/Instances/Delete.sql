-- Deletes the instances $2, which are locked: they have ended, and their ids start anew.
DELETE FROM :schema.instances
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[]) AS k (instance_id)
    CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.instances r WHERE r.hub = $1 AND r.instance_id = k.instance_id OFFSET 0) found))
