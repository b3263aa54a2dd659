-- Gives back the leases of the entities $2 that the engine $3 holds.
UPDATE :schema.entities
SET locked_by = NULL, locked_until = '-infinity'
WHERE hub = $1 AND entity_id = ANY ($2) AND locked_by = $3
