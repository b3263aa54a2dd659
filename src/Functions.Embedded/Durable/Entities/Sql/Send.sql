-- Messages to entities, in the order given (position), and makes the receivers ready when the first of them is visible. An entity that does not
-- exist comes into being. The receivers are locked by the upsert in the order of their ids; after instances where a transaction changes both.
WITH sent AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[], $9::uuid[], $10::text[], $11::timestamptz[])
                  WITH ORDINALITY AS m (entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, visible_at, position)
), receiver AS (
    INSERT INTO :schema.entities (hub, entity_id, updated_at, ready_at)
    SELECT $1, entity_id, now(), min(coalesce(visible_at, now())) FROM sent GROUP BY entity_id ORDER BY entity_id
    ON CONFLICT (hub, entity_id) DO UPDATE SET ready_at = least(:schema.entities.ready_at, excluded.ready_at)
)
INSERT INTO :schema.entity_messages
    (hub, entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, visible_at)
SELECT $1, entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, coalesce(visible_at, now())
FROM sent
ORDER BY position
