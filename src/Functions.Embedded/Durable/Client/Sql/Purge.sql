-- Removes those of the instances $2 that have ended, with all that is left of them, and gives their number. After Instances/Lock.sql or a
-- statement that locks them.
WITH gone AS (
    DELETE FROM :schema.instances
    WHERE status IN ('Completed', 'Failed', 'Terminated')
      AND ctid = ANY (ARRAY(
          SELECT found.place
          FROM unnest($2::text[]) AS k (instance_id)
          CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.instances r WHERE r.hub = $1 AND r.instance_id = k.instance_id OFFSET 0) found))
    RETURNING instance_id
), history AS (
    DELETE FROM :schema.history
    WHERE ctid = ANY (ARRAY(
        SELECT found.place
        FROM gone g
        CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.history r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) found))
), messages AS (
    DELETE FROM :schema.messages
    WHERE ctid = ANY (ARRAY(
        SELECT found.place
        FROM gone g
        CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.messages r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) found))
), activities AS (
    DELETE FROM :schema.activities
    WHERE ctid = ANY (ARRAY(
        SELECT found.place
        FROM gone g
        CROSS JOIN LATERAL (SELECT r.ctid AS place FROM :schema.activities r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) found))
)
SELECT count(*) FROM gone
