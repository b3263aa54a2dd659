-- $2 id of the instance.
SELECT instance_id, name, status, created_at, updated_at, input, output, custom_status, failure, tags
FROM :schema.instances
WHERE hub = $1 AND instance_id = $2
