-- Seconds until the next instance has something to do; null when none is known to.
SELECT extract(epoch FROM min(ready_at) - clock_timestamp())::float8
FROM :schema.instances
WHERE hub = $1 AND ready_at > now()
