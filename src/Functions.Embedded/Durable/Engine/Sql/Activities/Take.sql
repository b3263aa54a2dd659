-- Takes the leases of calls that nobody runs or whose runner has not renewed its lease: visible_at is when a call was queued, or when its lease
-- ends.
-- $2 this engine, $3 length of a lease, $4 most calls, $5 activities that this app does not have, in lower case.
-- visible_at > '-infinity' is the condition of the index activities_queue, which gives the calls in order. SKIP LOCKED: engines never wait for
-- each other.
WITH due AS MATERIALIZED (
    SELECT ctid AS place
    FROM :schema.activities
    WHERE hub = $1 AND visible_at > '-infinity' AND visible_at <= now() AND lower(name) <> ALL ($5::text[])
    ORDER BY visible_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE :schema.activities a
SET locked_by = $2, visible_at = now() + $3::interval
WHERE a.ctid = ANY (ARRAY(SELECT place FROM due))
RETURNING a.instance_id, a.execution_id, a.task_id, a.name, a.input, a.version, a.trace_parent
