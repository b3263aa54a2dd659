-- Gives back the leases of the instances $2 that the engine $3 holds, after Instances/Lock.sql.
UPDATE :schema.instances
SET locked_by = NULL, locked_until = '-infinity'
WHERE locked_by = $3
  AND ctid = ANY (ARRAY(
      SELECT found.place
      FROM unnest($2::text[]) AS k (instance_id)
      CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
