-- The statuses of the instances $2.
SELECT k.instance_id, i.status
FROM unnest($2::text[]) AS k (instance_id)
CROSS JOIN LATERAL (SELECT status FROM :schema.instances i WHERE i.hub = $1 AND i.instance_id = k.instance_id OFFSET 0) i
