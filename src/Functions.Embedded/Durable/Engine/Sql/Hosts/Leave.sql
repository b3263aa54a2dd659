-- The engine $2 is not alive any more.
UPDATE :schema.hosts SET alive_until = now() WHERE hub = $1 AND host = $2
