-- Stores results of the calls with the keys $2, $3, $4: deletes each call and puts its result ($5 kind of event, $6 data) among the messages of
-- its instance, in one statement, so a call is answered once. A call that is not there any more was answered by someone else, and that answer
-- counts. An instance that has ended, or is in another execution, gets none. After Instances/Lock.sql and Activities/Lock.sql.
WITH answered AS (
    DELETE FROM :schema.activities
    WHERE ctid = ANY (ARRAY(
        SELECT found.place
        FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
        CROSS JOIN LATERAL (
            SELECT a.ctid AS place
            FROM :schema.activities a
            WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
            OFFSET 0
        ) found))
    RETURNING instance_id, execution_id, task_id, name
), receiver AS (
    UPDATE :schema.instances i
    SET ready_at = least(i.ready_at, now())
    FROM (SELECT DISTINCT instance_id, execution_id FROM answered) r
    WHERE i.instance_id = r.instance_id AND i.execution_id = r.execution_id
      AND i.status IN ('Pending', 'Running', 'Suspended')
      AND i.ctid = ANY (ARRAY(
          SELECT found.place
          FROM unnest($2::text[]) AS k (instance_id)
          CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
    RETURNING i.instance_id
)
INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
SELECT $1, a.instance_id, a.execution_id, r.kind, a.task_id, a.name, r.data, now()
FROM unnest($2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[]) AS r (instance_id, execution_id, task_id, kind, data)
JOIN answered a USING (instance_id, execution_id, task_id)
JOIN receiver USING (instance_id)
