-- Name, status and last turn of the instances $2.
SELECT instance_id, name, status, updated_at
FROM :schema.instances
WHERE hub = $1 AND instance_id = ANY ($2)
