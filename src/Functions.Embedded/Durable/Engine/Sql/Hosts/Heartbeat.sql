-- The engine $2 is alive for another $4 and can run the functions $3.
INSERT INTO :schema.hosts (hub, host, names, alive_until)
VALUES ($1, $2, $3, now() + $4::interval)
ON CONFLICT (hub, host) DO UPDATE SET alive_until = excluded.alive_until
