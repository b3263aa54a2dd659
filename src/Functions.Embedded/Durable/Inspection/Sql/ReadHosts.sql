-- The engines of the hub, the living ones and the last of those that are gone: what each can run and until when it counts as alive.
SELECT host, names, alive_until, alive_until > now()
FROM :schema.hosts
WHERE hub = $1
