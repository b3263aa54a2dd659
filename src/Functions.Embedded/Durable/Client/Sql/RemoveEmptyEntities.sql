-- Removes entities that have no state, no lock and nothing to do, and that nobody runs.
DELETE FROM :schema.entities
WHERE hub = $1 AND state IS NULL AND lock_id IS NULL AND ready_at IS NULL AND locked_until <= now()
