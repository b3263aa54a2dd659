-- Locks the entities that the orchestrations $2 have in critical sections, in the order of ids. A statement of its own before the one that changes
-- them: had an entity's commit to be waited for, the row it leaves is visible only to a statement that begins later.
SELECT entity_id
FROM :schema.entities
WHERE hub = $1 AND lock_owner = ANY ($2)
ORDER BY entity_id
FOR UPDATE
