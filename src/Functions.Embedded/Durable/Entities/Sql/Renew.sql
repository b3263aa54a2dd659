-- Renews the leases of the entities $2 that the engine $3 still holds, by $4.
UPDATE :schema.entities
SET locked_until = now() + $4::interval
WHERE hub = $1 AND entity_id = ANY ($2) AND locked_by = $3
RETURNING entity_id
