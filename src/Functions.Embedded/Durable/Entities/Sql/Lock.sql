-- Locks the entities $2 until the transaction ends; gives what a commit is checked against. After instances, and in the order of ids, so commits
-- never wait for each other in a circle.
SELECT entity_id, turn, locked_by
FROM :schema.entities
WHERE hub = $1 AND entity_id = ANY ($2)
ORDER BY entity_id
FOR UPDATE
