-- Takes the leases of instances that have something to do: free ones, ones whose holder has not renewed its lease, and ones that this engine
-- holds already.
-- $2 this engine, $3 length of a lease, $4 most instances, $5 instances that are in a turn here, $6 orchestrators that this app does not
-- have, in lower case.
-- The index instances_ready gives the longest ready first. SKIP LOCKED: an instance that another engine is just taking, or whose commit is
-- under way, is no reason to wait.
WITH due AS MATERIALIZED (
    SELECT ctid AS place
    FROM :schema.instances
    WHERE hub = $1 AND ready_at <= now()
      AND (locked_until <= now() OR locked_by = $2)
      AND status IN ('Pending', 'Running', 'Suspended')
      AND instance_id <> ALL ($5::text[])
      AND lower(name) <> ALL ($6::text[])
    ORDER BY ready_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE :schema.instances i
SET locked_by = $2, locked_until = now() + $3::interval
WHERE i.ctid = ANY (ARRAY(SELECT place FROM due))
RETURNING i.instance_id, i.execution_id, i.name, i.version, i.input, i.parent_id, i.parent_name, i.parent_execution_id,
          i.parent_task_id, i.status, i.custom_status, i.created_at, i.turn, i.history_length, i.trace_parent
