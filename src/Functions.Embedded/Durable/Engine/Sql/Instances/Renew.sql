-- Renews the leases of the instances $2, after Instances/Lock.sql: those that the engine $3 still holds, by $4. Gives their ids.
UPDATE :schema.instances
SET locked_until = now() + $4::interval
WHERE locked_by = $3
  AND ctid = ANY (ARRAY(
      SELECT found.place
      FROM unnest($2::text[]) AS k (instance_id)
      CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
RETURNING instance_id
