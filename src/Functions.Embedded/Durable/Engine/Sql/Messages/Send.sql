-- Messages to instances, in the order given (position), and makes the receivers ready: one that is to start later not before its time. An
-- instance that has ended, is gone, or is in another execution than the message is for gets none. After Instances/Lock.sql.
WITH sent AS (
    SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[])
                  WITH ORDINALITY AS m (instance_id, execution_id, kind, task_id, name, data, position)
), receiver AS (
    UPDATE :schema.instances i
    SET ready_at = greatest(least(i.ready_at, now()), i.start_at)
    WHERE i.status IN ('Pending', 'Running', 'Suspended')
      AND i.ctid = ANY (ARRAY(
          SELECT found.place
          FROM unnest($2::text[]) AS k (instance_id)
          CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
    RETURNING i.instance_id, i.execution_id
)
INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
SELECT $1, s.instance_id, s.execution_id, s.kind, s.task_id, s.name, s.data, now()
FROM sent s
JOIN receiver r ON r.instance_id = s.instance_id AND (s.execution_id IS NULL OR s.execution_id = r.execution_id)
ORDER BY s.position
