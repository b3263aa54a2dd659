-- Queues calls. $8 whether this engine runs the call at once: then it is stored under the lease of the engine $9 for $10; the others wait for
-- whoever is free.
INSERT INTO :schema.activities (hub, instance_id, execution_id, task_id, name, version, input, trace_parent, locked_by, visible_at)
SELECT $1, a.instance_id, a.execution_id, a.task_id, a.name, a.version, a.input, a.trace_parent,
       CASE WHEN a.own THEN $9::uuid END,
       now() + CASE WHEN a.own THEN $10::interval ELSE interval '0' END
FROM unnest($2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bool[], $11::text[])
     AS a (instance_id, execution_id, task_id, name, version, input, own, trace_parent)
