-- Gives back the calls with the keys $2, $3, $4 that the engine $5 holds, after Activities/Lock.sql: others may take them at once.
UPDATE :schema.activities a
SET locked_by = NULL, visible_at = now()
WHERE a.locked_by = $5
  AND a.ctid = ANY (ARRAY(
      SELECT found.place
      FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
      CROSS JOIN LATERAL (
          SELECT c.ctid AS place
          FROM :schema.activities c
          WHERE c.hub = $1 AND c.instance_id = k.instance_id AND c.execution_id = k.execution_id AND c.task_id = k.task_id
          OFFSET 0
      ) found))
