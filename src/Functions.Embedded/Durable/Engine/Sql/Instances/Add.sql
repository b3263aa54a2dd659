-- Adds instances and gives the ids of those that were added; an id that is taken is left as it is.
-- $14 whether this engine runs the instance at once: then it is stored under the lease of the engine $15 for $16.
INSERT INTO :schema.instances (hub, instance_id, execution_id, name, version, status, input, tags,
                               parent_id, parent_name, parent_execution_id, parent_task_id, trace_parent,
                               created_at, updated_at, start_at, ready_at, locked_by, locked_until)
SELECT $1, n.instance_id, n.execution_id, n.name, n.version, 'Pending', n.input, n.tags,
       n.parent_id, n.parent_name, n.parent_execution_id, n.parent_task_id, n.trace_parent,
       n.created_at, n.created_at, n.start_at, coalesce(n.start_at, now()),
       CASE WHEN n.own THEN $15::uuid END,
       CASE WHEN n.own THEN now() + $16::interval ELSE '-infinity' END
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::uuid[], $11::int[], $12::timestamptz[], $13::timestamptz[], $14::bool[], $17::text[])
     AS n (instance_id, execution_id, name, version, input, tags, parent_id, parent_name,
           parent_execution_id, parent_task_id, created_at, start_at, own, trace_parent)
ON CONFLICT (hub, instance_id) DO NOTHING
RETURNING instance_id
