-- Takes the leases of entities that have something to do.
-- $2 this engine, $3 length of a lease, $4 most entities, $5 names of entities that this app does not have, in lower case.
-- The index entities_ready gives the longest ready first; an entity that somebody is just changing is skipped.
WITH due AS MATERIALIZED (
    SELECT ctid AS place
    FROM :schema.entities
    WHERE hub = $1 AND ready_at <= now() AND locked_until <= now()
      AND split_part(entity_id, '@', 2) <> ALL ($5::text[])
    ORDER BY ready_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE :schema.entities e
SET locked_by = $2, locked_until = now() + $3::interval
WHERE e.ctid = ANY (ARRAY(SELECT place FROM due))
RETURNING e.entity_id, e.state, e.turn, e.lock_id, e.lock_owner, e.lock_execution
