-- Deletes the calls that are left of the instances $2, which are locked.
DELETE FROM :schema.activities
WHERE ctid = ANY (ARRAY(
    SELECT found.place
    FROM unnest($2::text[]) AS k (instance_id)
    CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.activities r WHERE r.hub = $1 AND r.instance_id = k.instance_id OFFSET 0) found))
