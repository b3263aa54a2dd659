-- The entity $2, if it has a state, with the number of messages that wait for it.
SELECT e.entity_id, e.state, e.updated_at, e.lock_owner,
       (SELECT count(*) FROM :schema.entity_messages m WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
FROM :schema.entities e
WHERE e.hub = $1 AND e.entity_id = $2 AND e.state IS NOT NULL
