-- How many instances have not ended, by name and status, for metrics. Reads the hub once along its primary key.
SELECT name, status, count(*)
FROM :schema.instances
WHERE hub = $1 AND status IN ('Pending', 'Running', 'Suspended')
GROUP BY name, status
