-- How many instances have something to do that no engine has taken, and for how many seconds the first has waited.
SELECT count(*), coalesce(extract(epoch FROM now() - min(ready_at)), 0)::float8
FROM :schema.instances
WHERE hub = $1 AND ready_at <= now() AND locked_until <= now() AND status IN ('Pending', 'Running', 'Suspended')
