-- The turn numbers of the instances $2.
SELECT k.instance_id, i.turn
FROM unnest($2::text[]) AS k (instance_id)
CROSS JOIN LATERAL (SELECT turn FROM :schema.instances i WHERE i.hub = $1 AND i.instance_id = k.instance_id OFFSET 0) i
