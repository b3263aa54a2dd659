-- Keeps the key $2 as the master key of the hub $1 unless there is one, and gives the one there is. The update changes nothing; it makes RETURNING
-- give the row that was there first.
INSERT INTO :schema.host_keys (hub, name, value) VALUES ($1, 'master', $2)
ON CONFLICT (hub, name) DO UPDATE SET value = host_keys.value
RETURNING value
