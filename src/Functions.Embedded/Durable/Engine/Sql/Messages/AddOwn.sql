-- Messages of an instance to itself: timers, visible when they are due, and calls that were refused. Instances/Commit.sql sets ready_at.
INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, data, fire_at, visible_at)
SELECT $1, m.instance_id, m.execution_id, m.kind, m.task_id, m.data, m.fire_at, coalesce(m.fire_at, now())
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::timestamptz[])
     AS m (instance_id, execution_id, kind, task_id, data, fire_at)
