-- What the entity $2 may do now, in order: while it is locked, only what comes from the critical section $3.
-- Ordered by a sum: for the plain id the planner might walk the messages of all entities in the order of the primary key.
SELECT id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set
FROM :schema.entity_messages
WHERE hub = $1 AND entity_id = $2 AND visible_at <= now() AND ($3::uuid IS NULL OR lock_id = $3)
ORDER BY id + 0
LIMIT 100
