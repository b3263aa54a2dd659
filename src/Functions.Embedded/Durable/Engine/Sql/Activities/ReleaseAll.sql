-- Gives back all calls that the engine $2 holds when it stops, known to it or not.
UPDATE :schema.activities
SET locked_by = NULL, visible_at = now()
WHERE hub = $1 AND visible_at > '-infinity' AND locked_by = $2
