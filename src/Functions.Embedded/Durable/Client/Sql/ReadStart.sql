-- How the instance $2 was started.
SELECT name, version, input, tags
FROM :schema.instances
WHERE hub = $1 AND instance_id = $2
